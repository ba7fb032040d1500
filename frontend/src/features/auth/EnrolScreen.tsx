import { useState } from 'react';
import type { Account } from '../../api/auth';
import { Problem } from '../../api/client';
import { addPasskey, passkeysWork, type Enrolled } from '../../api/factors';
import { t } from '../../i18n';
import { Button } from '../../ui/Button';
import { AuthenticatorSetup } from './AuthenticatorSetup';
import { Gate } from './Gate';
import styles from './Gate.module.css';
import { RecoveryCodes } from './RecoveryCodes';

interface Props {
  onEnrolled: (account: Account) => void;
  onExpired: () => void;
}

/** A first sign-in: nobody comes in without a second factor, so one is set up here. */
export default function EnrolScreen({ onEnrolled, onExpired }: Props) {
  const [app, setApp] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [done, setDone] = useState<Enrolled | null>(null);

  const refused = (refusal: Problem): void => {
    if (refusal.code === 'UNAUTHENTICATED') onExpired();
    setProblem(refusal);
    setApp(false);
  };
  const passkey = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      setDone(await addPasskey(null, t.factors.passkeyName));
    } catch (error) {
      refused(error instanceof Problem ? error : new Problem('INTERNAL'));
      setBusy(false);
    }
  };
  if (done) {
    return (
      <Gate title={t.factors.codesTitle} lead={t.factors.codesLead}>
        <RecoveryCodes codes={done.codes} onKept={() => (done.session ? onEnrolled(done.session) : onExpired())} />
      </Gate>
    );
  }
  return (
    <Gate title={t.factors.enrolTitle} lead={t.factors.enrolLead} problem={problem}>
      {app ? (
        <AuthenticatorSetup csrf={null} onDone={setDone} onRefused={refused} />
      ) : (
        <div className={styles.others}>
          <Button look="primary" data-testid="enrol-app" onClick={() => setApp(true)}>
            {t.factors.enrolApp}
          </Button>
          {passkeysWork() && (
            <Button icon="lock" data-testid="enrol-passkey" disabled={busy} onClick={() => void passkey()}>
              {t.factors.enrolPasskey}
            </Button>
          )}
        </div>
      )}
    </Gate>
  );
}
