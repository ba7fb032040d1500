import { useCallback, useEffect, useState } from 'react';
import { whoAmI, type SignIn } from '../api/auth';
import { Problem } from '../api/client';
import { Gate } from '../features/auth/Gate';
import gate from '../features/auth/Gate.module.css';
import { SecondFactorScreen } from '../features/auth/SecondFactorScreen';
import { SignInScreen } from '../features/auth/SignInScreen';
import { t } from '../i18n';
import { Button } from '../ui/Button';
import { Workspace } from './Workspace';

type View = SignIn | { step: 'asking' } | { step: 'locked' } | { step: 'failed'; problem: Problem };

/** Which screen the visitor may see; the server alone decides. */
export function App() {
  const [view, setView] = useState<View>({ step: 'asking' });
  const ask = useCallback(async () => {
    try {
      setView(await whoAmI());
    } catch (error) {
      setView({ step: 'failed', problem: error instanceof Problem ? error : new Problem('INTERNAL') });
    }
  }, []);
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the state is set when the server has answered
    void ask();
  }, [ask]);

  switch (view.step) {
    case 'asking':
      return <Gate title={t.product} lead={t.loading} />;
    case 'failed':
      return (
        <Gate title={t.product} lead={t.tagline} problem={view.problem}>
          <Button look="primary" className={gate.action} onClick={() => void ask()}>
            {t.retry}
          </Button>
        </Gate>
      );
    case 'out':
      return <SignInScreen />;
    case 'locked':
      return <SignInScreen locked />;
    case 'code':
      return <SecondFactorScreen onVerified={(account) => setView({ step: 'in', account })} onExpired={() => setView({ step: 'out' })} />;
    case 'in':
      return <Workspace account={view.account} onSignedOut={() => setView({ step: 'out' })} onLocked={() => setView({ step: 'locked' })} />;
  }
}
