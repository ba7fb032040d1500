import { useEffect, useState, type SubmitEvent } from 'react';
import { LOGIN_PATH } from '../../api/auth';
import { Problem } from '../../api/client';
import { acceptInvitation, showInvitation, type Invited } from '../../api/invitations';
import { t } from '../../i18n';
import { Button, ButtonLink } from '../../ui/Button';
import { Gate } from './Gate';
import styles from './Gate.module.css';

/** A link that an administrator made: who it is for, and the way in. */
export default function InvitationScreen({ token }: { token: string }) {
  const [invited, setInvited] = useState<Invited | null>(null);
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [repeated, setRepeated] = useState('');
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const failed = (error: unknown): void => setProblem(error instanceof Problem ? error : new Problem('INTERNAL'));
  useEffect(() => {
    showInvitation(token).then(setInvited, failed);
  }, [token]);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setProblem(null);
    if (password !== repeated) {
      setProblem(new Problem('PASSWORDS_DIFFER'));
      return;
    }
    setBusy(true);
    try {
      await acceptInvitation(token, invited?.registers ? { username, password } : null);
      setDone(true);
    } catch (error) {
      failed(error);
      setBusy(false);
    }
  };
  if (done) {
    return (
      <Gate title={t.invitation.doneTitle} lead={t.invitation.done}>
        <ButtonLink href={LOGIN_PATH} className={styles.action} data-testid="signin">
          {t.signIn.button}
        </ButtonLink>
      </Gate>
    );
  }
  return (
    <Gate title={invited ? t.invitation.title(invited.name) : t.product} lead={invited ? t.invitation.lead(invited.email) : t.loading} problem={problem}>
      {invited && (
        <form onSubmit={(event) => void submit(event)}>
          {invited.registers && (
            <>
              <Field id="username" label={t.invitation.username} value={username} onChange={setUsername} autoComplete="username" pattern="[a-z][a-z0-9._\-]{1,31}" />
              <Field id="password" label={t.invitation.password} value={password} onChange={setPassword} autoComplete="new-password" type="password" minLength={12} />
              <Field id="repeated" label={t.invitation.repeated} value={repeated} onChange={setRepeated} autoComplete="new-password" type="password" minLength={12} />
            </>
          )}
          <Button look="primary" type="submit" className={styles.action} data-testid="accept" disabled={busy}>
            {t.invitation.accept}
          </Button>
        </form>
      )}
    </Gate>
  );
}

interface FieldProps {
  id: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  autoComplete: string;
  type?: string;
  pattern?: string;
  minLength?: number;
}

function Field({ id, label, onChange, type = 'text', ...rest }: FieldProps) {
  return (
    <>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <input id={id} className={styles.field} data-testid={id} type={type} required autoCapitalize="none" spellCheck={false} maxLength={256} onChange={(event) => onChange(event.target.value)} {...rest} />
    </>
  );
}
