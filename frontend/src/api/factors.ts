import { account, type Account } from './auth';
import { call, Problem } from './client';

/** How a begun sign-in can go on; `enrol`: there is no second factor yet. */
export interface Offered {
  code: boolean;
  passkey: boolean;
  recovery_code: boolean;
  enrol: boolean;
}

export interface Passkey {
  id: string;
  name: string;
  synced: boolean;
  last_used_at: string | null;
}

export interface Factors {
  authenticator_since: string | null;
  passkeys: Passkey[];
  recovery_codes_left: number;
}

/** A new secret for an authenticator app; `qr` is the `d` of an SVG path in a square of `size`. */
export interface Secret {
  secret: string;
  uri: string;
  qr: string;
  size: number;
}

/** `session` where the first factor of all completed a sign-in. */
export interface Enrolled {
  codes: string[];
  session: Account | null;
}

export interface SignIn {
  id: string;
  device: string;
  last_used_at: string;
  current: boolean;
}

export type Proof = { code: string } | { recovery_code: string } | { passkey: object };

const MFA = '/api/v1/auth/mfa';
const SESSIONS = '/api/v1/auth/sessions';

export async function offered(): Promise<Offered> {
  return (await call(`${MFA}/challenge`)) as Offered;
}

export async function verify(proof: Proof): Promise<Account> {
  return account(await call(`${MFA}/verify`, { method: 'POST', body: proof }));
}

/** The new CSRF token; the old one is worthless. */
export async function stepUp(csrf: string, proof: Proof): Promise<string> {
  return ((await call(`${MFA}/step-up`, { method: 'POST', csrf, body: proof })) as { csrf_token: string }).csrf_token;
}

export async function factors(): Promise<Factors> {
  return (await call(MFA)) as Factors;
}

export async function beginAuthenticator(csrf: string | null): Promise<Secret> {
  return (await call(`${MFA}/totp`, { method: 'POST', csrf })) as Secret;
}

export async function confirmAuthenticator(csrf: string | null, code: string): Promise<Enrolled> {
  return enrolled(await call(`${MFA}/totp/confirm`, { method: 'POST', csrf, body: { code } }));
}

export async function removeAuthenticator(csrf: string): Promise<void> {
  await call(`${MFA}/totp`, { method: 'DELETE', csrf });
}

export async function renamePasskey(csrf: string, id: string, name: string): Promise<void> {
  await call(`${MFA}/passkeys/${id}`, { method: 'PATCH', csrf, body: { name } });
}

export async function removePasskey(csrf: string, id: string): Promise<void> {
  await call(`${MFA}/passkeys/${id}`, { method: 'DELETE', csrf });
}

export async function newCodes(csrf: string): Promise<string[]> {
  return ((await call(`${MFA}/recovery-codes`, { method: 'POST', csrf })) as { recovery_codes: string[] }).recovery_codes;
}

/** Whether this browser can make and show passkeys. */
export function passkeysWork(): boolean {
  return 'PublicKeyCredential' in window && 'parseRequestOptionsFromJSON' in PublicKeyCredential;
}

/** Ask the authenticator to make a passkey, and register it. @throws {Problem} */
export async function addPasskey(csrf: string | null, name: string): Promise<Enrolled> {
  const options = (await call(`${MFA}/passkeys/options`, { method: 'POST', csrf })) as PublicKeyCredentialCreationOptionsJSON;
  const credential = await asked(() => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }));
  return enrolled(await call(`${MFA}/passkeys`, { method: 'POST', csrf, body: { name, credential } }));
}

/** Ask the authenticator to show a passkey. @throws {Problem} */
export async function showPasskey(csrf: string | null): Promise<Proof> {
  const options = (await call(`${MFA}/passkeys/challenge`, { method: 'POST', csrf })) as PublicKeyCredentialRequestOptionsJSON;
  return { passkey: await asked(() => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })) };
}

export async function signIns(): Promise<SignIn[]> {
  return ((await call(SESSIONS)) as { items: SignIn[] }).items;
}

export async function endSignIn(csrf: string, id: string): Promise<void> {
  await call(`${SESSIONS}/${id}`, { method: 'DELETE', csrf });
}

/** Why an authenticator did not answer is told to nobody (WebAuthn, section 14.5): cancelled, timed out or unknown. */
async function asked(ask: () => Promise<Credential | null>): Promise<object> {
  try {
    const found = await ask();
    return (found as PublicKeyCredential).toJSON() as object;
  } catch {
    throw new Problem('PASSKEY_CANCELLED');
  }
}

function enrolled(body: unknown): Enrolled {
  const { recovery_codes: codes, session } = body as { recovery_codes: string[]; session: object | null };
  return { codes, session: session && account(session) };
}
