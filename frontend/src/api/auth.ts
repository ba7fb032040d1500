import { call, Problem } from './client';
import type { User } from './types';

/** A signed-in session; the token must accompany every write (X-CSRF-Token). */
export interface Account {
  user: User;
  csrf: string;
}

export type SignIn = { step: 'out' } | { step: 'code' } | { step: 'in'; account: Account };

export const LOGIN_PATH = '/api/v1/auth/login';

/** Where this browser stands between signed out and signed in. @throws {Problem} when the server cannot say. */
export async function whoAmI(): Promise<SignIn> {
  if (cameWithoutCookie()) return { step: 'out' };
  try {
    return { step: 'in', account: account(await call('/api/v1/auth/me')) };
  } catch (error) {
    if (error instanceof Problem && error.code === 'MFA_REQUIRED') return { step: 'code' };
    if (error instanceof Problem && error.status === 401) return { step: 'out' };
    throw error;
  }
}

/** What the server saw when it sent the page holds for the first question only: signing in changes it. */
function cameWithoutCookie(): boolean {
  const session = document.querySelector<HTMLMetaElement>('meta[name=session]');
  session?.remove();
  return session?.content === 'none';
}

export async function signOut(csrf: string): Promise<void> {
  await call('/api/v1/auth/logout', { method: 'POST', csrf });
}

/** Reads the answer with which a session begins. */
export function account(body: unknown): Account {
  const { user, csrf_token: csrf } = body as { user: User; csrf_token: string };
  return { user, csrf };
}
