// A small server with the house's addresses, headers and problem documents; it holds no product code.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { WebSocketServer } from 'ws';
import { CITATIONS, Dialogue, RESULT } from './dialogue';

const DIST = join(import.meta.dirname, '../../../dist');
const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
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
  /** Whether lost connections may be come back to, and what a client had missed by then. */
  resumable = false;
  missed: Record<string, unknown>[] = [];
  deleted: string[] = [];
  /** What of the service worker is to be another build's. */
  newerBuild: [string, string] = ['', ''];
  /** A code with which a ticket is refused, or null. */
  refuse: string | null = null;
  #polls = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    const sockets = new WebSocketServer({ server: this.#server, path: '/v1/realtime', handleProtocols: (offered) => (offered.has('realtime') ? 'realtime' : false) });
    sockets.on('connection', (socket, request) => {
      this.calls.push(`WS ${request.headers['sec-websocket-protocol']}`);
      this.dialogues.push(new Dialogue(socket, { seconds: this.answerSeconds, resumable: this.resumable, missed: this.missed }));
    });
  }

  /** @param port 0: any that is free */
  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.dialogues) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  reset(): void {
    this.dialogues.length = 0;
    this.calls.length = 0;
    this.session = 'in';
    this.answerSeconds = 1;
    this.resumable = false;
    this.missed = [];
    this.deleted = [];
    this.newerBuild = ['', ''];
    this.refuse = null;
    this.#polls = 0;
  }

  get dialogue(): Dialogue {
    return this.dialogues.at(-1)!;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://mock').pathname;
    if (path.startsWith('/assets/')) this.#asset(path, response);
    else if (path === '/voice/' || path === '/voice/offline') this.#page(response, path === '/voice/offline' || this.session !== 'out');
    else if (path === '/voice/sw.js') this.#worker(response);
    else if (path.startsWith('/voice/')) this.#asset(path, response);
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
    const kept = conversations().filter(({ id }) => !this.deleted.includes(id));
    const account = { user: USER, csrf_token: 'token-1' };
    switch (call) {
      case 'GET /api/v1/auth/me':
        if (this.session === 'in') return [200, account];
        return problem(401, this.session === 'code' ? 'MFA_REQUIRED' : 'UNAUTHENTICATED');
      case 'GET /api/v1/auth/login':
        this.session = 'code';
        return [302, null];
      case 'GET /api/v1/auth/mfa/challenge':
        return [200, { code: true, passkey: true, recovery_code: true, enrol: false }];
      case 'POST /api/v1/auth/mfa/verify':
        if ((JSON.parse(body) as { code: string }).code !== '123456') return problem(401, 'MFA_REQUIRED');
        this.session = 'in';
        return [200, account];
      case 'GET /api/v1/auth/mfa':
        return [200, { authenticator_since: '2026-11-20T08:00:00Z', passkeys: [{ id: 'p1', name: 'Ward key', synced: false, last_used_at: '2026-11-28T08:00:00Z' }], recovery_codes_left: 7 }];
      case 'GET /api/v1/auth/sessions':
        return [200, { items: [{ id: 's1', device: 'Chrome on Linux', last_used_at: '2026-11-29T08:00:00Z', current: true }] }];
      case 'POST /api/v1/auth/logout':
        this.session = 'out';
        return [204, null];
      case 'POST /api/v1/auth/ws-ticket':
        if (this.refuse) return problem(this.refuse === 'UNAUTHENTICATED' ? 401 : 503, this.refuse);
        return [201, { ticket: 'wt_test', expires_in: 30 }];
      case 'GET /api/v1/conversations':
        return [200, { items: kept, next_cursor: null, keep_days: 30 }];
      case 'POST /api/v1/conversations/search':
        return [200, { items: kept.slice(0, 1).map((one) => ({ ...one, item_id: 'i2', snippet: '…prefer a direct oral anticoagulant…' })), complete: true }];
      case 'GET /api/v1/conversations/c1':
        return [200, { ...conversations()[0], turns: TURNS }];
      case 'DELETE /api/v1/conversations/c1':
        this.deleted.push('c1');
        return [204, null];
      case 'GET /api/v1/cases':
        return [200, { items: [CASE], next_cursor: null, keep_days: 30 }];
      case 'GET /api/v1/cases/k1':
        return [200, CASE];
      case 'GET /api/v1/rounds':
        return [200, { started_at: null, expires_at: null, seconds_left: 12_000 }];
      case 'GET /api/v1/notes':
        return [200, { items: [NOTE], next_cursor: null }];
      case 'POST /api/v1/notes':
      case 'GET /api/v1/notes/n1':
        return [200, NOTE];
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

  #page(response: ServerResponse, known: boolean): void {
    const nonce = randomBytes(16).toString('base64');
    const html = readFileSync(join(DIST, 'voice/index.html'), 'utf8').replaceAll('__CSP_NONCE__', nonce).replace('__SESSION__', known ? 'perhaps' : 'none');
    response.writeHead(200, { ...headers(nonce), 'content-type': 'text/html; charset=utf-8' }).end(html);
  }

  #worker(response: ServerResponse): void {
    const policy = "default-src 'none'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'";
    const text = readFileSync(join(DIST, 'voice/sw.js'), 'utf8').replaceAll(...this.newerBuild);
    response.writeHead(200, { ...headers('none'), 'content-security-policy': policy, 'content-type': 'text/javascript' }).end(text);
  }

  #asset(path: string, response: ServerResponse): void {
    const file = join(DIST, path);
    if (path.includes('..') || !existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'x-content-type-options': 'nosniff' }).end(readFileSync(file));
  }
}

const TURN = { interrupted: false, citations: [], notice: '', answer: null, result: null, clarification: null };
const TURNS = [
  { ...TURN, id: 'i1', seq: 1, role: 'user', text: 'How do I treat atrial fibrillation?' },
  { ...TURN, id: 'i2', seq: 2, role: 'assistant', text: 'Offer an oral anticoagulant when the stroke risk is high, and prefer a direct oral anticoagulant.', citations: [CITATIONS[0]], interrupted: true },
  { ...TURN, id: 'i3', seq: 3, role: 'user', text: 'What is the CHA₂DS₂-VASc score of a 68 year old man?' },
  { ...TURN, id: 'i4', seq: 4, role: 'assistant', text: 'The score is 3 points, a high stroke risk.', result: RESULT },
];

const CASE = {
  id: 'k1', title: 'Bed 12, decompensated heart failure', rounds: true, created_at: '2026-11-29T10:00:00Z', updated_at: '2026-11-29T10:00:00Z', expires_at: '2026-12-29T10:00:00Z',
  facts: [
    { id: 'f1', kind: 'person', text: '65-year-old man', at: null, told_at: '2026-11-29T10:00:00Z' },
    { id: 'f2', kind: 'lab', text: 'creatinine 1.4 mg/dL', at: '2026-11-29T08:00:00Z', told_at: '2026-11-29T10:00:00Z' },
  ],
}; // prettier-ignore
const NOTE = {
  id: 'n1', title: CASE.title, format: 'ap', state: 'draft', case_id: 'k1', conversation_id: null, created_at: '2026-11-29T10:00:00Z', updated_at: '2026-11-29T10:00:00Z', expires_at: '2026-11-30T10:00:00Z', signed_at: null, revision: 1,
  sections: [
    { name: 'assessment', sentences: [{ id: 'a1', text: '65-year-old man.', origin: { kind: 'fact', id: 'f1', at: null }, citations: [], edited: false }] },
    { name: 'plan', sentences: [{ id: 'p1', text: 'Loop diuretics are recommended [1].', origin: { kind: 'answer', id: 'i2', at: null }, citations: [1], edited: false }] },
  ],
  sources: [CITATIONS[0]], watermark: 'AI-assisted draft', signed_by: null,
}; // prettier-ignore

/** The open one, and an older one. */
function conversations(): { id: string; title: string; items: number; started_at: string; updated_at: string; expires_at: string }[] {
  const at = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
  return [
    { id: 'c1', title: 'How do I treat atrial fibrillation?', items: 4, started_at: at(0), updated_at: at(0), expires_at: at(30) },
    { id: 'c0', title: 'When is a pulmonary embolism high risk?', items: 2, started_at: at(-2), updated_at: at(-2), expires_at: at(28) },
  ];
}

function problem(status: number, code: string): [number, object] {
  return [status, { type: 'about:blank', title: code, status, code, detail: '', trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' }];
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('latin1');
}
