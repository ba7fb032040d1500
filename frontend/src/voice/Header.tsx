import type { User } from '../api/types';
import { t } from '../i18n';
import { Button } from '../ui/Button';
import { Logo } from '../ui/Logo';
import styles from './Header.module.css';

interface Props {
  user: User;
  sources: number;
  onSide: () => void;
  /** Absent where this role has no cases. */
  onCases?: (() => void) | undefined;
  onHistory: () => void;
  onMicrophone: () => void;
  onAccount: () => void;
  onSignOut: () => void;
}

export function Header({ user, sources, onSide, onCases, onHistory, onMicrophone, onAccount, onSignOut }: Props) {
  return (
    <header className={styles.header}>
      <Logo size={34} />
      <h1 className={styles.name}>{t.product}</h1>
      <p className={styles.user}>
        <span className={styles.userName}>{user.name}</span>
        <span className={styles.role}>{user.profile || user.role}</span>
      </p>
      {onCases && (
        <Button look="quiet" icon="people" bare onClick={onCases} data-testid="cases">
          {t.cases.title}
        </Button>
      )}
      <Button look="quiet" icon="history" bare onClick={onHistory} data-testid="history">
        {t.history.title}
      </Button>
      <Button look="quiet" icon="microphone" bare onClick={onMicrophone} data-testid="microphone">
        {t.microphone.title}
      </Button>
      <Button look="quiet" icon="lock" bare onClick={onAccount} data-testid="account">
        {t.factors.account}
      </Button>
      <Button look="quiet" icon="book" className={styles.side} onClick={onSide} aria-label={t.sources.open}>
        {sources > 0 ? sources : ''}
      </Button>
      <Button look="quiet" icon="leave" className={styles.out} onClick={onSignOut} data-testid="signout" aria-label={t.signIn.out}>
        <span className={styles.outLabel}>{t.signIn.out}</span>
      </Button>
    </header>
  );
}
