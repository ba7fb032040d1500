import { Shell, type Build, type Place } from './shell';

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

/** Replaced in the finished file by vite.config.ts, which knows the files of the build only then. */
declare const __BUILD__: Build;

const scope = globalThis as unknown as Place & EventTarget & { location: Location };
const build = __BUILD__;
const shell = new Shell({ caches: scope.caches, fetch: (request) => scope.fetch(request) }, build);

// A new version waits until no page of the one before is open: nobody's page loses its files in the middle of something.
scope.addEventListener('install', (event) => (event as Lasting).waitUntil(shell.install()));
scope.addEventListener('activate', (event) => (event as Lasting).waitUntil(shell.activate()));
scope.addEventListener('fetch', (event) => {
  const fetching = event as Fetching;
  const answer = shell.answer(fetching.request, scope.location.origin);
  if (answer) fetching.respondWith(answer);
});
scope.addEventListener('message', (event) => {
  const { data, ports } = event as MessageEvent<unknown>;
  ports[0]?.postMessage(shell.has(data));
});
