import { useEffect, useState } from 'react';
import type { Store } from './store';

const LOCK_MS = 10 * 60_000;
const WARNING_MS = 60_000;
const CHECK_MS = 1_000;

/** Calls `lock` after ten minutes without a touch, key or word; true during the last minute before. */
export function useIdleLock(store: Store, lock: () => void): boolean {
  const [warning, setWarning] = useState(false);
  useEffect(() => {
    let last = Date.now();
    const active = (): void => void (last = Date.now());
    const voice = store.subscribe(() => {
      const { holding, hearing, playing } = store.get();
      if (holding || hearing || playing) active();
    });
    const timer = setInterval(() => {
      const idle = Date.now() - last;
      setWarning(idle >= LOCK_MS - WARNING_MS && idle < LOCK_MS);
      if (idle >= LOCK_MS) lock();
    }, CHECK_MS);
    window.addEventListener('pointerdown', active);
    window.addEventListener('keydown', active);
    return () => {
      voice();
      clearInterval(timer);
      window.removeEventListener('pointerdown', active);
      window.removeEventListener('keydown', active);
    };
  }, [store, lock]);
  return warning;
}
