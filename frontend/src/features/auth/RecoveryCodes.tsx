import { t } from '../../i18n';
import { Button } from '../../ui/Button';
import styles from './Gate.module.css';

/** Shown this once; nothing on this page keeps them. */
export function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  return (
    <>
      <ul className={styles.codes} data-testid="recovery-codes" aria-label={t.factors.codesTitle}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <Button look="primary" className={styles.action} data-testid="codes-kept" onClick={onKept}>
        {t.factors.codesKept}
      </Button>
    </>
  );
}
