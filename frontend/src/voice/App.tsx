import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { whoAmI, type SignIn } from '../api/auth';
import { Problem } from '../api/client';
import { takeToken } from '../api/invitations';
import { Gate } from '../features/auth/Gate';
import gate from '../features/auth/Gate.module.css';
import { SecondFactorScreen } from '../features/auth/SecondFactorScreen';
import { SignInScreen } from '../features/auth/SignInScreen';
import { t } from '../i18n';
import { Button } from '../ui/Button';
import { OfflineScreen } from './OfflineScreen';
import { Workspace } from './Workspace';

const InvitationScreen = lazy(() => import('../features/auth/InvitationScreen'));

type View = SignIn | { step: 'asking' } | { step: 'locked' } | { step: 'invited'; token: string } | { step: 'failed'; problem: Problem };

/** Which screen the visitor may see; the server alone decides. */
export function App() {
  const [view, setView] = useState<View>(() => {
    const token = takeToken();
    return token === null ? { step: 'asking' } : { step: 'invited', token };
  });
  const asking = view.step === 'asking';
  const ask = useCallback(async () => {
    try {
      setView(await whoAmI());
    } catch (error) {
      setView({ step: 'failed', problem: error instanceof Problem ? error : new Problem('INTERNAL') });
    }
  }, []);
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the state is set when the server has answered
    if (asking) void ask();
  }, [ask, asking]);

  const retry = useCallback(() => void ask(), [ask]);
  const signedOut = useCallback(() => setView({ step: 'out' }), []);

  switch (view.step) {
    case 'asking':
      return <Gate title={t.product} lead={t.loading} />;
    case 'failed':
      if (view.problem.code === 'NETWORK') return <OfflineScreen onRetry={retry} />;
      return (
        <Gate title={t.product} lead={t.tagline} problem={view.problem}>
          <Button look="primary" className={gate.action} onClick={retry}>
            {t.retry}
          </Button>
        </Gate>
      );
    case 'invited':
      return (
        <Suspense fallback={<Gate title={t.product} lead={t.loading} />}>
          <InvitationScreen token={view.token} />
        </Suspense>
      );
    case 'out':
      return <SignInScreen />;
    case 'locked':
      return <SignInScreen locked />;
    case 'code':
      return <SecondFactorScreen onVerified={(account) => setView({ step: 'in', account })} onExpired={signedOut} />;
    case 'in':
      return (
        <Workspace
          account={view.account}
          onRenewed={(csrf) => setView({ step: 'in', account: { ...view.account, csrf } })}
          onSignedOut={signedOut}
          onLocked={() => setView({ step: 'locked' })}
        />
      );
  }
}
