import type { ReactNode } from 'react';
import { Problem } from '../../api/client';
import { sentence, t } from '../../i18n';
import { Alert } from '../../ui/Alert';
import { Logo } from '../../ui/Logo';
import styles from './Gate.module.css';

/** The quiet card in front of the workspace. */
export function Gate({ title, lead, problem, children }: { title: string; lead: string; problem?: Problem | null; children?: ReactNode }) {
  return (
    <main className={styles.gate}>
      <div className={styles.card}>
        <Logo size={56} />
        <h1>{title}</h1>
        <p className={styles.lead}>{lead}</p>
        {problem && (
          <div className={styles.alert}>
            <Alert detail={problem.traceId ? t.trace(problem.traceId) : undefined}>{sentence(problem)}</Alert>
          </div>
        )}
        {children}
        <p className={styles.notice} data-testid="notice">
          {t.notice}. {t.noticeMore}
        </p>
      </div>
    </main>
  );
}
