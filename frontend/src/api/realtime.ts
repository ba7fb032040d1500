import { call } from './client';

/** A ticket for one realtime connection from this site, good for 30 seconds. @throws {Problem} */
export async function createTicket(csrf: string): Promise<string> {
  const body = (await call('/api/v1/auth/ws-ticket', { method: 'POST', csrf, body: { purpose: 'voice' } })) as { ticket: string };
  return body.ticket;
}
