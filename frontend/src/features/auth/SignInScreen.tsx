import { LOGIN_PATH } from '../../api/auth';
import { t } from '../../i18n';
import { ButtonLink } from '../../ui/Button';
import { Gate } from './Gate';
import styles from './Gate.module.css';

export function SignInScreen({ locked = false }: { locked?: boolean }) {
  return (
    <Gate title={locked ? t.signIn.lockedTitle : t.product} lead={locked ? t.signIn.locked : t.tagline}>
      {/* A link, not a form: form-action also governs where a form is redirected, and the issuer may live elsewhere. */}
      <ButtonLink href={LOGIN_PATH} className={styles.action} data-testid="signin">
        {t.signIn.button}
      </ButtonLink>
      <p className={styles.hint}>{t.signIn.hint}</p>
    </Gate>
  );
}
