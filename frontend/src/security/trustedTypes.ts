import captureUrl from '../audio/worklets/capture.worklet.ts?worker&url';
import playerUrl from '../audio/worklets/player.worklet.ts?worker&url';

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): { createScriptURL(address: string): unknown };
}

/** The service worker; vite.config.ts writes it there. */
export const WORKER_PATH = '/voice/sw.js';
const WORKLETS = [captureUrl, playerUrl];
const OURS: readonly string[] = [...WORKLETS, WORKER_PATH];

/** The one Trusted Types policy of the page: it lets through exactly the scripts this build produced. */
function onlyOurs(address: string): string {
  if (!OURS.includes(address)) throw new TypeError('not a script of this build');
  return address;
}

const policy = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes?.createPolicy('va', { createScriptURL: onlyOurs });

/** An address as a script, where the browser knows Trusted Types. */
function trusted(address: string): string {
  return policy ? (policy.createScriptURL(address) as string) : address;
}

/** Addresses of the audio worklets. */
export const workletUrls: readonly string[] = WORKLETS.map(trusted);
export const workerUrl: string = trusted(WORKER_PATH);
