// A small server with the house's addresses, headers and problem documents; it holds no product code.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { WebSocketServer } from 'ws';
import { Dialogue } from './dialogue';

const DIST = join(import.meta.dirname, '../../../dist');
const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const USER = { id: 'u1', name: 'Dr. Ana Ruiz', email: 'ana@example.org', role: 'user', profile: 'physician' };

function headers(nonce: string): Record<string, string> {
  return {
    'content-security-policy':
      `default-src 'none'; script-src 'nonce-${nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self' 'nonce-${nonce}'; ` +
      "img-src 'self' data:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; " +
      "object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types va",
    'permissions-policy': 'microphone=(self), camera=(), geolocation=()',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
  };
}

export class Mock {
  readonly dialogues: Dialogue[] = [];
  readonly calls: string[] = [];
  session: 'out' | 'code' | 'in' = 'out';
  answerSeconds = 1;
  /** A code with which /v1/realtime/client_secrets is refused, or null. */
  refuse: string | null = null;
  #polls = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    const sockets = new WebSocketServer({ server: this.#server, path: '/v1/realtime', handleProtocols: (offered) => (offered.has('realtime') ? 'realtime' : false) });
    sockets.on('connection', (socket, request) => {
      this.calls.push(`WS ${request.headers['sec-websocket-protocol']}`);
      this.dialogues.push(new Dialogue(socket, { seconds: this.answerSeconds }));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  reset(): void {
    this.dialogues.length = 0;
    this.calls.length = 0;
    this.session = 'in';
    this.answerSeconds = 1;
    this.refuse = null;
    this.#polls = 0;
  }

  get dialogue(): Dialogue {
    return this.dialogues.at(-1)!;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://mock').pathname;
    if (path.startsWith('/assets/')) this.#asset(path, response);
    else if (path === '/voice/') this.#page(response);
    else await this.#call(path, request, response);
  }

  async #call(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.calls.push(`${request.method} ${path} ${request.headers['x-csrf-token'] ?? '-'}`);
    const body = await read(request);
    const [status, answer] = this.#api(`${request.method} ${path}`, body);
    if (status === 302) return void response.writeHead(302, { location: '/voice/' }).end();
    response.writeHead(status, { ...headers('none'), 'content-type': status >= 400 ? 'application/problem+json' : 'application/json' });
    response.end(answer === null ? '' : JSON.stringify(answer));
  }

  #api(call: string, body: string): [number, object | null] {
    const account = { user: USER, csrf_token: 'token-1' };
    switch (call) {
      case 'GET /api/v1/auth/me':
        if (this.session === 'in') return [200, account];
        return problem(401, this.session === 'code' ? 'MFA_REQUIRED' : 'UNAUTHENTICATED');
      case 'GET /api/v1/auth/login':
        this.session = 'code';
        return [302, null];
      case 'POST /api/v1/auth/mfa/verify':
        if ((JSON.parse(body) as { code: string }).code !== '123456') return problem(401, 'MFA_REQUIRED');
        this.session = 'in';
        return [200, account];
      case 'POST /api/v1/auth/logout':
        this.session = 'out';
        return [204, null];
      case 'POST /v1/realtime/client_secrets':
        if (this.refuse) return problem(this.refuse === 'UNAUTHENTICATED' ? 401 : 503, this.refuse);
        return [200, { value: 'ek_test', expires_at: 0, session: {} }];
      case 'POST /api/v1/documents':
        return body.includes('too-large') ? problem(413, 'PAYLOAD_TOO_LARGE') : [202, { id: 'doc1', job_id: 'job1', status: 'queued' }];
      case 'GET /api/v1/jobs/job1':
        this.#polls += 1;
        return [200, { id: 'job1', state: this.#polls > 1 ? 'completed' : 'running', error_code: null }];
      case 'GET /api/v1/documents':
        return [200, { items: [{ id: 'doc0', title: 'Ward anticoagulation protocol', status: 'completed' }], next_cursor: null }];
      default:
        return problem(404, 'NOT_FOUND');
    }
  }

  #page(response: ServerResponse): void {
    const nonce = randomBytes(16).toString('base64');
    const html = readFileSync(join(DIST, 'voice/index.html'), 'utf8').replaceAll('__CSP_NONCE__', nonce);
    response.writeHead(200, { ...headers(nonce), 'content-type': 'text/html; charset=utf-8' }).end(html);
  }

  #asset(path: string, response: ServerResponse): void {
    const file = join(DIST, path);
    if (path.includes('..') || !existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'x-content-type-options': 'nosniff' }).end(readFileSync(file));
  }
}

function problem(status: number, code: string): [number, object] {
  return [status, { type: 'about:blank', title: code, status, code, detail: '', trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' }];
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('latin1');
}
