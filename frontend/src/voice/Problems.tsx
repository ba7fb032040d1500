import type { Problem } from '../api/client';
import { sentence, t } from '../i18n';
import { Alert } from '../ui/Alert';
import styles from './Workspace.module.css';

export function Problems({ problem, onDismiss }: { problem: Problem | null; onDismiss: () => void }) {
  if (!problem) return null;
  return (
    <div className={styles.problem}>
      <Alert detail={problem.traceId ? t.trace(problem.traceId) : undefined} dismiss={t.dismiss} onDismiss={onDismiss}>
        {sentence(problem)}
      </Alert>
    </div>
  );
}
