/** A refused or failed call: a code of the house and the trace id under which the server logged it. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly traceId: string | null = null,
    readonly status = 0,
  ) {
    super(code);
  }
}

interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  csrf?: string | null;
  body?: object;
}

/** One JSON call to our own origin, by session cookie. @throws {Problem} */
export async function call(path: string, { method = 'GET', csrf, body }: Options = {}): Promise<unknown> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (csrf) headers['x-csrf-token'] = csrf;
  if (body) headers['content-type'] = 'application/json';
  const payload = body ? { body: JSON.stringify(body) } : {};
  let response: Response;
  try {
    response = await fetch(path, { method, headers, credentials: 'same-origin', cache: 'no-store', ...payload });
  } catch {
    throw new Problem('NETWORK');
  }
  const content = await response.text();
  if (!response.ok) throw problemOf(response.status, content);
  return content === '' ? null : parse(content);
}

/** Reads a problem document; anything else is told apart by its status alone. */
export function problemOf(status: number, content: string): Problem {
  const body = parse(content) as { code?: unknown; trace_id?: unknown } | null;
  const code = typeof body?.code === 'string' ? body.code : `HTTP_${status}`;
  return new Problem(code, typeof body?.trace_id === 'string' ? body.trace_id : null, status);
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}
