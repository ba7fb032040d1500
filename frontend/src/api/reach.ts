import { WORKER_PATH } from '../security/trustedTypes';

const AGAIN_MS = 5_000;

/** Whether the server answers. Asked for a file that is never kept, without a cookie: it is no use of the session. */
async function reachable(): Promise<boolean> {
  try {
    return (await fetch(WORKER_PATH, { method: 'HEAD', cache: 'no-store', credentials: 'omit' })).ok;
  } catch {
    return false;
  }
}

/**
 * Tells whether the server can be reached, and asks again until it can. What a browser says of its network is not
 * enough: a server on this machine is there without one.
 *
 * @returns a function that ends it
 */
export function untilReachable(told: (reached: boolean) => void, firstAfterMs = 0): () => void {
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async (): Promise<void> => {
    const reached = await reachable();
    if (over) return;
    if (!reached) timer = setTimeout(() => void look(), AGAIN_MS);
    told(reached);
  };
  timer = setTimeout(() => void look(), firstAfterMs);
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
