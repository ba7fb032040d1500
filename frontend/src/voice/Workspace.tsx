import { useCallback, useMemo, useState } from 'react';
import { signOut, type Account } from '../api/auth';
import { DocumentsPanel } from '../features/documents/DocumentsPanel';
import { CitationsPanel } from '../features/retrieval/CitationsPanel';
import { t } from '../i18n';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { ConsentDialog } from './ConsentDialog';
import { Dock } from './Dock';
import { Header } from './Header';
import { Problems } from './Problems';
import { newestAnswer, shownTurn } from './state';
import { Transcript } from './Transcript';
import { useIdleLock } from './useIdleLock';
import { useKeys } from './useKeys';
import { useSession } from './useSession';
import styles from './Workspace.module.css';

interface Props {
  account: Account;
  onSignedOut: () => void;
  onLocked: () => void;
}

export function Workspace({ account, onSignedOut, onLocked }: Props) {
  const { state, session, store } = useSession(account, onSignedOut);
  const [consented, setConsented] = useState(false);
  const [asking, setAsking] = useState<(() => void) | null>(null);
  const [sideOpen, setSideOpen] = useState(false);

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
      <Header user={account.user} sources={shown?.citations.length ?? 0} onSide={() => setSideOpen(true)} onSignOut={() => void leave(false)} />
      <main className={styles.main}>
        <Transcript
          state={state}
          onCitation={(turn, n) => {
            store.set({ chosen: { turn, n } });
            setSideOpen(true);
          }}
          onSay={(words) => void session.say(words)}
        />
        <Problems problem={state.problem} onDismiss={() => store.set({ problem: null })} />
        <Dock state={state} session={session} controls={controls} />
      </main>
      <aside className={`${styles.side} ${sideOpen ? styles.open : ''}`} aria-label={t.sources.open}>
        <div className={styles.sideHead}>
          <Button look="quiet" icon="close" bare onClick={() => setSideOpen(false)}>
            {t.close}
          </Button>
        </div>
        <CitationsPanel citations={shown?.citations ?? []} chosen={state.chosen} earlier={shown !== null && shown !== newestAnswer(state)} />
        <DocumentsPanel csrf={account.csrf} mayAdd={account.user.role !== 'viewer'} />
      </aside>
      <ConsentDialog
        open={asking !== null}
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
