import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { signOut, type Account } from '../api/auth';
import type { User } from '../api/types';
import { listConversations } from '../api/conversations';
import { DocumentsPanel } from '../features/documents/DocumentsPanel';
import { CitationsPanel } from '../features/retrieval/CitationsPanel';
import { t } from '../i18n';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { ConsentDialog } from './ConsentDialog';
import { Dock } from './Dock';
import { Header } from './Header';
import { watchForNewerBuild } from './newerBuild';
import { Notices } from './Notices';
import { PhiBanner } from './PhiBanner';
import { Problems } from './Problems';
import { newestAnswer, shownTurn } from './state';
import { Transcript } from './Transcript';
import { useIdleLock } from './useIdleLock';
import { useKeys } from './useKeys';
import { useReach } from './useReach';
import { useSession } from './useSession';
import styles from './Workspace.module.css';

const AccountDialog = lazy(() => import('../features/account/AccountDialog'));
const MicrophoneDialog = lazy(() => import('../features/microphone/MicrophoneDialog'));
const CasesDialog = lazy(() => import('../features/cases/CasesDialog'));
const CasePanel = lazy(() => import('../features/cases/CasePanel'));
const HistoryDialog = lazy(() => import('../features/history/HistoryDialog'));

interface Props {
  account: Account;
  onRenewed: (csrf: string) => void;
  onSignedOut: () => void;
  onLocked: () => void;
}

export function Workspace({ account, onRenewed, onSignedOut, onLocked }: Props) {
  const { state, session, store } = useSession(account, onSignedOut);
  const [consented, setConsented] = useState(false);
  const [asking, setAsking] = useState<(() => void) | null>(null);
  const [sideOpen, setSideOpen] = useState(false);
  // Its code is fetched when it is first opened, and it stays: a closing dialog gives the focus back itself.
  const [accountView, setAccountView] = useState<'never' | 'open' | 'closed'>('never');

  const [historyView, setHistoryView] = useState<'never' | 'open' | 'closed'>('never');
  const [casesView, setCasesView] = useState<'never' | 'open' | 'closed'>('never');
  const [casesSeen, setCasesSeen] = useState(0);
  const [microphoneView, setMicrophoneView] = useState<'never' | 'open' | 'closed'>('never');
  const [keepDays, setKeepDays] = useState<number | null>(null);
  useEffect(() => {
    // Whoever asks is told how long it is kept; while that cannot be told, that it may be.
    listConversations(1).then(
      ({ keep_days }) => setKeepDays(keep_days),
      () => undefined,
    );
  }, []);

  const leave = useCallback(
    async (lock: boolean) => {
      await session.end(lock);
      // Without the server the cookie lives on until it expires; the page must be empty all the same.
      await signOut(account.csrf).catch(() => undefined);
      (lock ? onLocked : onSignedOut)();
    },
    [session, account.csrf, onLocked, onSignedOut],
  );
  const lock = useCallback(() => void leave(true), [leave]);
  const idle = useIdleLock(store, lock);
  useReach(store);
  useEffect(() => watchForNewerBuild(() => store.set({ newer: true })), [store]);

  const controls = useMemo(() => {
    // The microphone is opened for nobody who has not agreed. A held button cannot wait for a dialog: press again.
    const handsFree = (on: boolean): void => {
      if (on && !consented) setAsking(() => () => session.setHandsFree(true));
      else session.setHandsFree(on);
    };
    const talkStart = (): void => {
      if (store.get().handsFree) session.toggleMute();
      else if (consented) session.talkStart();
      else setAsking(() => () => undefined);
    };
    return {
      talkStart,
      chooseMicrophone: () => {
        if (consented) setMicrophoneView('open');
        else setAsking(() => () => setMicrophoneView('open'));
      },
      talkEnd: () => session.talkEnd(),
      mute: () => session.toggleMute(),
      interrupt: () => {
        setSideOpen(false);
        void session.interrupt();
      },
      toggleHandsFree: () => handsFree(!store.get().handsFree),
      handsFree,
    };
  }, [consented, session, store]);
  useKeys(controls);

  const shown = shownTurn(state);
  return (
    <div className={styles.shell}>
      <a href="#question" className={styles.skip}>
        {t.skip}
      </a>
      <Header user={account.user} sources={shown?.citations.length ?? 0} onSide={() => setSideOpen(true)} onCases={hasCases(account.user) ? () => setCasesView('open') : undefined} onHistory={() => setHistoryView('open')} onMicrophone={controls.chooseMicrophone} onAccount={() => setAccountView('open')} onSignOut={() => void leave(false)} />
      <main className={styles.main}>
        <Transcript
          state={state}
          keepDays={keepDays}
          onCitation={(turn, n) => {
            store.set({ chosen: { turn, n } });
            setSideOpen(true);
          }}
          onSay={(words) => void session.say(words)}
        />
        <Notices state={state} />
        <PhiBanner phi={newestAnswer(state)?.phi ?? null} />
        <Problems problem={state.problem} onDismiss={() => store.set({ problem: null })} />
        <Dock state={state} session={session} controls={controls} />
      </main>
      <aside className={`${styles.side} ${sideOpen ? styles.open : ''}`} aria-label={t.sources.open}>
        <div className={styles.sideHead}>
          <Button look="quiet" icon="close" bare onClick={() => setSideOpen(false)}>
            {t.close}
          </Button>
        </div>
        {state.caseId !== null && (
          <Suspense>
            <CasePanel caseId={state.caseId} seen={casesSeen} onOpen={() => setCasesView('open')} />
          </Suspense>
        )}
        <CitationsPanel citations={shown?.citations ?? []} chosen={state.chosen} earlier={shown !== null && shown !== newestAnswer(state)} />
        <DocumentsPanel csrf={account.csrf} mayAdd={account.user.role !== 'viewer'} />
      </aside>
      {accountView !== 'never' && (
        <Suspense>
          <AccountDialog open={accountView === 'open'} account={account} onRenewed={onRenewed} onSignedOut={onSignedOut} onClose={() => setAccountView('closed')} />
        </Suspense>
      )}
      {casesView !== 'never' && (
        <Suspense>
          <CasesDialog
            open={casesView === 'open'}
            csrf={account.csrf}
            signs={account.user.profile === 'physician' || account.user.profile === 'clinician'}
            conversation={state.conversation}
            current={state.caseId}
            onUse={(caseId) => void session.about(caseId)}
            onSignedOut={onSignedOut}
            onClose={() => {
              setCasesView('closed');
              setCasesSeen((before) => before + 1);
            }}
          />
        </Suspense>
      )}
      {microphoneView !== 'never' && (
        <Suspense>
          <MicrophoneDialog open={microphoneView === 'open'} chosen={state.device} onChoose={(device) => session.chooseMicrophone(device)} onClose={() => setMicrophoneView('closed')} />
        </Suspense>
      )}
      {historyView !== 'never' && (
        <Suspense>
          <HistoryDialog
            open={historyView === 'open'}
            csrf={account.csrf}
            current={state.conversation}
            onCurrentGone={() => void session.begin()}
            onSignedOut={onSignedOut}
            onClose={() => setHistoryView('closed')}
          />
        </Suspense>
      )}
      <ConsentDialog
        open={asking !== null}
        keepDays={keepDays}
        onAccept={() => {
          setConsented(true);
          setAsking(null);
          asking?.();
        }}
        onDecline={() => setAsking(null)}
      />
      <Dialog
        open={idle}
        title={t.signIn.idleTitle}
        onClose={() => undefined}
        // Any press or key counts as use and takes the warning away.
        actions={<Button look="primary">{t.signIn.stay}</Button>}
      >
        <p>{t.signIn.idle}</p>
      </Dialog>
    </div>
  );
}

/** Who works with patients has cases; for researchers and administrators there are none. */
function hasCases({ role, profile }: User): boolean {
  return role === 'user' && profile !== 'researcher';
}
