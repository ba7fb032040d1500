import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { Problem } from '../../api/client';
import { passkeysWork, showPasskey, type Offered, type Proof } from '../../api/factors';
import { sentence, t } from '../../i18n';
import { Alert } from '../../ui/Alert';
import { Button } from '../../ui/Button';
import styles from './Gate.module.css';

const DIGITS = 6;

interface Props {
  offered: Offered;
  /** Of a session; null between the two factors. */
  csrf: string | null;
  /** @throws {Problem} where the proof is refused. */
  onProof: (proof: Proof) => Promise<void>;
}

type Way = 'code' | 'recovery';

/** Shows one second factor, whichever the person has at hand. */
export function FactorForm({ offered, csrf, onProof }: Props) {
  const [way, setWay] = useState<Way>('code');
  const [value, setValue] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const typing = way === 'recovery' || offered.code;
  // The field is the main thing to do here.
  useEffect(() => field.current?.focus(), [way]);

  const prove = async (proof: () => Promise<Proof>): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      await onProof(await proof());
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem('INTERNAL'));
      setValue('');
      setBusy(false);
      field.current?.focus();
    }
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void prove(() => Promise.resolve(way === 'code' ? { code: value } : { recovery_code: value }));
  };
  const change = (next: Way): void => {
    setWay(next);
    setValue('');
    setProblem(null);
  };

  const wrong = problem?.code === 'MFA_REQUIRED';
  return (
    <>
      {problem && (
        <div id="factor-problem" className={styles.alert}>
          <Alert detail={problem.traceId && !wrong ? t.trace(problem.traceId) : undefined}>{wrong ? (way === 'code' ? t.code.wrong : t.factors.recoveryWrong) : sentence(problem)}</Alert>
        </div>
      )}
      {typing && (
        <form onSubmit={submit}>
          {way === 'code' ? (
            <>
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
                value={value}
                aria-invalid={wrong}
                aria-describedby={problem ? 'factor-problem' : undefined}
                onChange={(event) => setValue(event.target.value.replace(/\D/g, ''))}
              />
            </>
          ) : (
            <>
              <label className={styles.label} htmlFor="recovery">
                {t.factors.recoveryLabel}
              </label>
              <input
                ref={field}
                id="recovery"
                className={`${styles.code} ${styles.recovery}`}
                data-testid="recovery"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                minLength={16}
                maxLength={32}
                required
                value={value}
                aria-invalid={wrong}
                aria-describedby={problem ? 'factor-problem' : undefined}
                onChange={(event) => setValue(event.target.value)}
              />
            </>
          )}
          <Button
            look="primary"
            type="submit"
            className={styles.action}
            data-testid="otp-submit"
            disabled={busy || (way === 'code' ? value.length !== DIGITS : value.length < 16)}
          >
            {t.code.submit}
          </Button>
        </form>
      )}
      <div className={styles.others}>
        {offered.passkey && passkeysWork() && (
          <Button look={typing ? 'secondary' : 'primary'} icon="lock" data-testid="use-passkey" disabled={busy} onClick={() => void prove(() => showPasskey(csrf))}>
            {t.factors.usePasskey}
          </Button>
        )}
        {offered.recovery_code && way === 'code' && (
          <Button look="quiet" data-testid="use-recovery" onClick={() => change('recovery')}>
            {t.factors.useRecovery}
          </Button>
        )}
        {offered.code && way === 'recovery' && (
          <Button look="quiet" onClick={() => change('code')}>
            {t.factors.useCode}
          </Button>
        )}
      </div>
    </>
  );
}
