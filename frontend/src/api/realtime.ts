import { call } from './client';

/** A single-use secret for one realtime connection, good for about a minute. */
export async function createSecret(csrf: string): Promise<string> {
  const body = (await call('/v1/realtime/client_secrets', { method: 'POST', csrf, body: {} })) as { value: string };
  return body.value;
}
