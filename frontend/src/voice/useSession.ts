import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Account } from '../api/auth';
import { conversationBefore } from '../api/conversations';
import { createTicket } from '../api/realtime';
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
  // A second factor shown later gives the session another token; the conversation goes on.
  const csrf = useRef(account.csrf);
  useEffect(() => {
    csrf.current = account.csrf;
  }, [account.csrf]);
  // eslint-disable-next-line react-hooks/refs -- read when a socket is opened, not while rendering
  const [{ store, session }] = useState(() => {
    const created = new Store();
    return {
      store: created,
      session: new Session({
        store: created,
        ticket: () => createTicket(csrf.current),
        connect: connectWebSocket,
        audio: (handlers) => new AudioEngine(handlers),
        signedOut,
        before: conversationBefore,
      }),
    };
  });
  useEffect(() => {
    void session.restore();
    const leave = (): void => void session.end(false);
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, [session]);
  return { store, session, state: useSyncExternalStore(store.subscribe, store.get) };
}
