import { useEffect } from 'react';
import { untilReachable } from '../api/reach';
import type { Store } from './store';

/** Looks whether the server is there whenever something hints that it is not, and until it is. */
export function useReach(store: Store): void {
  useEffect(() => {
    let stop = (): void => undefined;
    let { problem, link } = store.get();
    const look = (): void => {
      stop();
      stop = untilReachable((reached) => store.dispatch({ type: 'reach', reached }));
    };
    const unsubscribe = store.subscribe(() => {
      const before = { problem, link };
      ({ problem, link } = store.get());
      const failed = problem !== before.problem && problem?.code === 'NETWORK';
      if (failed || (before.link === 'up' && link !== 'up')) look();
    });
    window.addEventListener('offline', look);
    return () => {
      stop();
      unsubscribe();
      window.removeEventListener('offline', look);
    };
  }, [store]);
}
