import { useCallback, useEffect, useState } from 'react';
import type { Account } from '../../api/auth';
import { Problem } from '../../api/client';
import { endSignIn, factors, newCodes, removeAuthenticator, removePasskey, renamePasskey, addPasskey, signIns, stepUp, type Factors, type Proof, type SignIn } from '../../api/factors';
import { sentence, t } from '../../i18n';
import { Alert } from '../../ui/Alert';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { AuthenticatorSetup } from '../auth/AuthenticatorSetup';
import { FactorForm } from '../auth/FactorForm';
import { RecoveryCodes } from '../auth/RecoveryCodes';
import { FactorList } from './FactorList';
import { SignInList } from './SignInList';

interface Props {
  open: boolean;
  account: Account;
  /** After a second factor was shown: the session goes on with another CSRF token. */
  onRenewed: (csrf: string) => void;
  onSignedOut: () => void;
  onClose: () => void;
}

type View = { show: 'lists' } | { show: 'authenticator' } | { show: 'codes'; codes: string[] } | { show: 'stepUp'; then: Change };
type Change = (csrf: string) => Promise<void>;

/** One's own factors, recovery codes and sign-ins. What is dangerous asks for a second factor first, then goes on. */
export default function AccountDialog({ open, account, onRenewed, onSignedOut, onClose }: Props) {
  const [view, setView] = useState<View>({ show: 'lists' });
  const [own, setOwn] = useState<{ factors: Factors; signIns: SignIn[] } | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);

  const failed = useCallback(
    (error: unknown, then?: Change): void => {
      const refusal = error instanceof Problem ? error : new Problem('INTERNAL');
      if (refusal.code === 'STEP_UP_REQUIRED' && then) setView({ show: 'stepUp', then });
      else if (refusal.code === 'UNAUTHENTICATED') onSignedOut();
      else setProblem(refusal);
    },
    [onSignedOut],
  );
  const load = useCallback(async (): Promise<void> => {
    try {
      const [found, where] = await Promise.all([factors(), signIns()]);
      setOwn({ factors: found, signIns: where });
    } catch (error) {
      failed(error);
    }
  }, [failed]);
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the state is set when the server has answered
    if (open) void load();
  }, [open, load]);

  const change = useCallback(
    async (what: Change, csrf: string): Promise<void> => {
      setProblem(null);
      try {
        await what(csrf);
        await load();
      } catch (error) {
        failed(error, what);
      }
    },
    [failed, load],
  );
  const act = (what: Change): void => void change(what, account.csrf);
  const prove = async (proof: Proof, then: Change): Promise<void> => {
    const csrf = await stepUp(account.csrf, proof);
    onRenewed(csrf);
    setView({ show: 'lists' });
    await change(then, csrf);
  };
  const close = (): void => {
    setView({ show: 'lists' });
    setProblem(null);
    onClose();
  };
  const setUp = (): Promise<void> => {
    setView({ show: 'authenticator' });
    return Promise.resolve();
  };
  const showCodes = (codes: string[]): void => setView(codes.length > 0 ? { show: 'codes', codes } : { show: 'lists' });

  const ways = own && {
    code: own.factors.authenticator_since !== null,
    passkey: own.factors.passkeys.length > 0,
    recovery_code: own.factors.recovery_codes_left > 0,
    enrol: false,
  };
  return (
    <Dialog
      open={open}
      title={t.factors.account}
      onClose={close}
      actions={
        <>
          {(view.show === 'stepUp' || view.show === 'authenticator') && <Button onClick={() => setView({ show: 'lists' })}>{t.factors.back}</Button>}
          {view.show !== 'codes' && (
            <Button look="primary" data-testid="account-close" onClick={close}>
              {t.close}
            </Button>
          )}
        </>
      }
    >
      {problem && <Alert detail={problem.traceId ? t.trace(problem.traceId) : undefined}>{sentence(problem)}</Alert>}
      {view.show === 'lists' && !own && !problem && <p role="status">{t.loading}</p>}
      {view.show === 'lists' && own && (
        <>
          <FactorList
            factors={own.factors}
            onAuthenticator={() => void setUp()}
            onRemoveAuthenticator={() => act(removeAuthenticator)}
            onAddPasskey={(name) => act(async (csrf) => showCodes((await addPasskey(csrf, name)).codes))}
            onRename={(id, name) => act((csrf) => renamePasskey(csrf, id, name))}
            onRemovePasskey={(id) => act((csrf) => removePasskey(csrf, id))}
            onNewCodes={() => act(async (csrf) => showCodes(await newCodes(csrf)))}
          />
          <SignInList signIns={own.signIns} onEnd={(id) => act((csrf) => endSignIn(csrf, id))} />
        </>
      )}
      {view.show === 'authenticator' && (
        <AuthenticatorSetup
          csrf={account.csrf}
          onDone={(done) => {
            showCodes(done.codes);
            void load();
          }}
          onRefused={(refusal) => failed(refusal, setUp)}
        />
      )}
      {view.show === 'codes' && (
        <>
          <p>{t.factors.codesLead}</p>
          <RecoveryCodes codes={view.codes} onKept={() => setView({ show: 'lists' })} />
        </>
      )}
      {view.show === 'stepUp' && ways && (
        <>
          <p>{t.factors.stepUp}</p>
          <FactorForm offered={ways} csrf={account.csrf} onProof={(proof) => prove(proof, view.then)} />
        </>
      )}
    </Dialog>
  );
}
