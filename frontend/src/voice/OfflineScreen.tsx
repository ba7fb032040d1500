import { useEffect } from 'react';
import { untilReachable } from '../api/reach';
import gate from '../features/auth/Gate.module.css';
import { Gate } from '../features/auth/Gate';
import { t } from '../i18n';
import { Button } from '../ui/Button';

const FIRST_LOOK_MS = 3_000;

/** What the kept page can say without its server: that it is not there. It goes on by itself when it is back. */
export function OfflineScreen({ onRetry }: { onRetry: () => void }) {
  useEffect(() => untilReachable((reached) => reached && onRetry(), FIRST_LOOK_MS), [onRetry]);
  return (
    <Gate title={t.offline.title} lead={t.offline.lead}>
      <Button look="primary" className={gate.action} data-testid="retry" onClick={onRetry}>
        {t.retry}
      </Button>
    </Gate>
  );
}
