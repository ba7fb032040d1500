import type { SignIn } from '../../api/factors';
import { day, t } from '../../i18n';
import { Button } from '../../ui/Button';
import styles from './Account.module.css';

export function SignInList({ signIns, onEnd }: { signIns: SignIn[]; onEnd: (id: string) => void }) {
  return (
    <>
      <h3 className={styles.title}>{t.factors.sessions}</h3>
      <ul className={styles.list}>
        {signIns.map((one) => (
          <li key={one.id} className={styles.row}>
            <span>
              <strong>{one.device}</strong>
              <small>{one.current ? t.factors.thisOne : t.factors.lastUsed(day(one.last_used_at))}</small>
            </span>
            {!one.current && (
              <Button look="quiet" aria-label={t.factors.endOf(one.device)} onClick={() => onEnd(one.id)}>
                {t.factors.end}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
