import { workerUrl } from '../security/trustedTypes';

const CHECK_MS = 60 * 60_000;

/**
 * Has the page kept for when its server is away (src/worker), and calls back when the server has a newer one. Nothing is
 * reloaded by that: somebody may be in the middle of a sentence.
 *
 * @returns a function that ends the watching, not the keeping
 */
export function watchForNewerBuild(newer: () => void): () => void {
  const container = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker;
  let over = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  const look = async ({ waiting }: ServiceWorkerRegistration): Promise<void> => {
    if (waiting && !(await hasThisPage(waiting)) && !over) newer();
  };
  const begin = async (watched: ServiceWorkerContainer): Promise<void> => {
    const registration = await watched.register(workerUrl, { updateViaCache: 'none' });
    if (over) return;
    registration.addEventListener('updatefound', () => {
      registration.installing?.addEventListener('statechange', () => void look(registration));
    });
    timer = setInterval(() => void registration.update().catch(() => undefined), CHECK_MS);
    await look(registration);
  };
  // A browser that has no workers, or forbids them here, has the page all the same, but only with its server.
  if (container && import.meta.env.PROD) begin(container).catch(() => undefined);
  return () => {
    over = true;
    clearInterval(timer);
  };
}

/** Whether the files this page was made of belong to the worker's build: who has just loaded the page has the newest. */
async function hasThisPage(worker: ServiceWorker): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<boolean>((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<boolean>) => resolve(data);
  });
  const loaded = [...document.querySelectorAll<HTMLScriptElement | HTMLLinkElement>('script[src], link[rel=stylesheet]')];
  worker.postMessage(
    loaded.map((element) => new URL('src' in element ? element.src : element.href).pathname),
    [port2],
  );
  return answer.finally(() => port1.close());
}
