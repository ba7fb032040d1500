import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { verifyCode, type Account } from '../../api/auth';
import { Problem } from '../../api/client';
import { t } from '../../i18n';
import { Alert } from '../../ui/Alert';
import { Button } from '../../ui/Button';
import { Gate } from './Gate';
import styles from './Gate.module.css';

const DIGITS = 6;

interface Props {
  onVerified: (account: Account) => void;
  /** The first factor was too long ago. */
  onExpired: () => void;
}

export function SecondFactorScreen({ onVerified, onExpired }: Props) {
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const field = useRef<HTMLInputElement>(null);
  // The field is the only thing to do on this screen.
  useEffect(() => field.current?.focus(), []);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      onVerified(await verifyCode(code));
    } catch (error) {
      const refusal = error instanceof Problem ? error : new Problem('INTERNAL');
      if (refusal.code === 'UNAUTHENTICATED') {
        onExpired();
        return;
      }
      setProblem(refusal);
      setCode('');
      setBusy(false);
      field.current?.focus();
    }
  };

  const wrong = problem?.code === 'MFA_REQUIRED';
  return (
    <Gate title={t.code.title} lead={t.code.text} problem={wrong ? null : problem}>
      <form onSubmit={(event) => void submit(event)}>
        <label className={styles.label} htmlFor="otp">
          {t.code.label}
        </label>
        <input
          ref={field}
          id="otp"
          className={styles.code}
          data-testid="otp"
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="[0-9]{6}"
          maxLength={DIGITS}
          required
          value={code}
          aria-invalid={wrong}
          aria-describedby={wrong ? 'otp-wrong' : undefined}
          onChange={(event) => setCode(event.target.value.replace(/\D/g, ''))}
        />
        {wrong && (
          <div id="otp-wrong" className={styles.alert}>
            <Alert>{t.code.wrong}</Alert>
          </div>
        )}
        <Button look="primary" type="submit" className={styles.action} data-testid="otp-submit" disabled={busy || code.length !== DIGITS}>
          {t.code.submit}
        </Button>
      </form>
    </Gate>
  );
}
