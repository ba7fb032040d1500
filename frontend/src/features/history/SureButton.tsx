import { useState } from 'react';
import { t } from '../../i18n';
import { Button } from '../../ui/Button';

/** What cannot be taken back needs a second press; whoever looks elsewhere has not meant it. */
export function SureButton({ label, testId, onSure }: { label: string; testId: string; onSure: () => void }) {
  const [asked, setAsked] = useState(false);
  return (
    <Button look={asked ? 'primary' : 'quiet'} data-testid={testId} onBlur={() => setAsked(false)} onClick={() => (asked ? onSure() : setAsked(true))}>
      {asked ? t.history.sure : label}
    </Button>
  );
}
