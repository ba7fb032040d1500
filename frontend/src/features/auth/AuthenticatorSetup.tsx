import { useEffect, useState } from 'react';
import { Problem } from '../../api/client';
import { beginAuthenticator, confirmAuthenticator, type Enrolled, type Proof, type Secret } from '../../api/factors';
import { t } from '../../i18n';
import { FactorForm } from './FactorForm';
import styles from './Gate.module.css';

const CODE_ONLY = { code: true, passkey: false, recovery_code: false, enrol: false };
const QUIET = 4; // light modules around the pattern (ISO/IEC 18004)

interface Props {
  /** Of a session; null between the two factors. */
  csrf: string | null;
  onDone: (enrolled: Enrolled) => void;
  /** The server gives no secret now. */
  onRefused: (problem: Problem) => void;
}

/** The secret as a picture and in letters; it counts once a code of it was typed. */
export function AuthenticatorSetup({ csrf, onDone, onRefused }: Props) {
  const [secret, setSecret] = useState<Secret | null>(null);
  useEffect(() => {
    let left = false;
    beginAuthenticator(csrf).then(
      (told) => {
        if (!left) setSecret(told);
      },
      (error: unknown) => {
        if (!left) onRefused(error instanceof Problem ? error : new Problem('INTERNAL'));
      },
    );
    return () => {
      left = true;
    };
    // Asking again would make the secret that was scanned worthless.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const confirm = async (proof: Proof): Promise<void> => {
    if ('code' in proof) onDone(await confirmAuthenticator(csrf, proof.code));
  };
  if (!secret) return <p role="status">{t.loading}</p>;
  const side = secret.size + 2 * QUIET;
  return (
    <>
      <p className={styles.hint}>{t.factors.scan}</p>
      <svg className={styles.qr} viewBox={`${-QUIET} ${-QUIET} ${side} ${side}`} role="img" aria-label={t.factors.qr} shapeRendering="crispEdges">
        <path fill="#fff" d={`M${-QUIET} ${-QUIET}h${side}v${side}h${-side}z`} />
        <path fill="#000" d={secret.qr} />
      </svg>
      <p className={styles.hint}>{t.factors.secret}</p>
      <code className={styles.secret} data-testid="totp-secret">
        {secret.secret.match(/.{1,4}/g)?.join(' ')}
      </code>
      <FactorForm offered={CODE_ONLY} csrf={csrf} onProof={confirm} />
    </>
  );
}
