import type { User } from '../api/types';
import { t } from '../i18n';
import { Button } from '../ui/Button';
import { Logo } from '../ui/Logo';
import styles from './Header.module.css';

interface Props {
  user: User;
  sources: number;
  onSide: () => void;
  onSignOut: () => void;
}

export function Header({ user, sources, onSide, onSignOut }: Props) {
  return (
    <header className={styles.header}>
      <Logo size={34} />
      <h1 className={styles.name}>{t.product}</h1>
      <p className={styles.user}>
        <span className={styles.userName}>{user.name}</span>
        <span className={styles.role}>{user.profile || user.role}</span>
      </p>
      <Button look="quiet" icon="book" className={styles.side} onClick={onSide} aria-label={t.sources.open}>
        {sources > 0 ? sources : ''}
      </Button>
      <Button look="quiet" icon="leave" className={styles.out} onClick={onSignOut} data-testid="signout" aria-label={t.signIn.out}>
        <span className={styles.outLabel}>{t.signIn.out}</span>
      </Button>
    </header>
  );
}
