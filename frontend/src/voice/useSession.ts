import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Account } from '../api/auth';
import { createSecret } from '../api/realtime';
import { AudioEngine } from '../audio/engine';
import { connectWebSocket } from '../audio/transport/ws';
import { Session } from './session';
import type { VoiceState } from './state';
import { Store } from './store';

interface Conversation {
  state: VoiceState;
  session: Session;
  store: Store;
}

/** One conversation for as long as the account is signed in; leaving the page ends it. */
export function useSession(account: Account, signedOut: () => void): Conversation {
  const [{ store, session }] = useState(() => {
    const created = new Store();
    return {
      store: created,
      session: new Session({
        store: created,
        secret: () => createSecret(account.csrf),
        connect: connectWebSocket,
        audio: (handlers) => new AudioEngine(handlers),
        signedOut,
      }),
    };
  });
  useEffect(() => {
    const leave = (): void => void session.end(false);
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, [session]);
  return { store, session, state: useSyncExternalStore(store.subscribe, store.get) };
}
