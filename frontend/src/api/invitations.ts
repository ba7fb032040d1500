import { call } from './client';

/** Whom a link is for; `registers`: user name and password are chosen here. */
export interface Invited {
  name: string;
  email: string;
  registers: boolean;
}

const INVITATIONS = '/api/v1/auth/invitations';
const FRAGMENT = '#invitation=';

/** The token of an invitation's link, taken out of the address at once: it must stay in no history. */
export function takeToken(): string | null {
  if (!location.hash.startsWith(FRAGMENT)) return null;
  const token = location.hash.slice(FRAGMENT.length);
  history.replaceState(null, '', location.pathname);
  return token;
}

export async function showInvitation(token: string): Promise<Invited> {
  return (await call(`${INVITATIONS}/show`, { method: 'POST', body: { token } })) as Invited;
}

export async function acceptInvitation(token: string, chosen: { username: string; password: string } | null): Promise<void> {
  await call(`${INVITATIONS}/accept`, { method: 'POST', body: { token, ...chosen } });
}
