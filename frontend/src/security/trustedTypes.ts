import captureUrl from '../audio/worklets/capture.worklet.ts?worker&url';
import playerUrl from '../audio/worklets/player.worklet.ts?worker&url';

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): { createScriptURL(address: string): unknown };
}

const OURS: readonly string[] = [captureUrl, playerUrl];

/** The one Trusted Types policy of the page: it lets through exactly the scripts this build produced. */
function onlyOurs(address: string): string {
  if (!OURS.includes(address)) throw new TypeError('not a script of this build');
  return address;
}

function trusted(): string[] {
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
  const policy = factory?.createPolicy('va', { createScriptURL: onlyOurs });
  return OURS.map((address) => (policy ? (policy.createScriptURL(address) as string) : address));
}

/** Addresses of the audio worklets, trusted where the browser knows Trusted Types. Made once. */
export const workletUrls: readonly string[] = trusted();
