import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SHELL, Shell } from '../../src/worker/shell';

const ORIGIN = 'https://va.example';
const BUILD = { version: 'b2', assets: ['/assets/voice-1.js', '/assets/voice-1.css'] };
const POLICY = "script-src 'nonce-kept' 'strict-dynamic'; style-src 'nonce-kept'";

/** The browser's cache storage, as far as it is used; what is stored came from `network`. */
class Caches {
  readonly stores = new Map<string, Map<string, Response>>();
  readonly credentials: string[] = [];

  open(name: string): Promise<unknown> {
    const store = this.stores.get(name) ?? new Map<string, Response>();
    this.stores.set(name, store);
    const add = async (request: Request): Promise<void> => {
      this.credentials.push(request.credentials);
      const response = await network(request);
      if (!response.ok) throw new TypeError('not there');
      store.set(new URL(request.url).pathname, response);
    };
    return Promise.resolve({ add, addAll: (requests: Request[]) => Promise.all(requests.map(add)), match: (path: string) => Promise.resolve(store.get(path)?.clone()) });
  }

  keys(): Promise<string[]> {
    return Promise.resolve([...this.stores.keys()]);
  }

  delete(name: string): Promise<boolean> {
    return Promise.resolve(this.stores.delete(name));
  }
}

const network = vi.fn<(request: Request) => Promise<Response>>();
let caches: Caches;
let shell: Shell;

/** A request of the page; `navigate` cannot be made by hand. */
function asked(path: string, mode: RequestMode = 'cors', method = 'GET'): Request {
  return Object.defineProperty(new Request(new URL(path, ORIGIN), { method }), 'mode', { value: mode });
}

beforeEach(() => {
  // Addresses of a worker are relative to it.
  vi.stubGlobal('Request', class extends Request {
    constructor(address: string | URL, options?: RequestInit) {
      super(new URL(address, ORIGIN), options);
    }
  });
  network.mockReset().mockImplementation((request) =>
    Promise.resolve(
      request.url.endsWith(SHELL)
        ? new Response('<script nonce="kept">', { headers: { 'content-security-policy': POLICY, 'content-encoding': 'br', 'permissions-policy': 'microphone=(self)' } })
        : new Response(request.url),
    ),
  );
  caches = new Caches();
  shell = new Shell({ caches: caches as unknown as CacheStorage, fetch: network }, BUILD);
  return () => vi.unstubAllGlobals();
});

describe('what is kept', () => {
  test('is the build and the empty page, fetched without a cookie', async () => {
    await shell.install();
    expect([...caches.stores.keys()]).toEqual(['voiceassist-b2']);
    expect([...caches.stores.get('voiceassist-b2')!.keys()]).toEqual([...BUILD.assets, SHELL]);
    expect(new Set(caches.credentials)).toEqual(new Set(['omit']));
  });

  test('is complete, or the build before it stays', async () => {
    network.mockResolvedValue(new Response('', { status: 404 }));
    await expect(shell.install()).rejects.toThrow(TypeError);
  });

  test('of older builds goes, what others have stored stays', async () => {
    await caches.open('voiceassist-b1');
    await caches.open('somebody-elses');
    await shell.install();
    await shell.activate();
    expect([...caches.stores.keys()]).toEqual(['somebody-elses', 'voiceassist-b2']);
  });
});

describe('requests', () => {
  test.each([
    ['/api/v1/auth/me', 'cors', 'GET'],
    ['/v1/realtime', 'cors', 'GET'],
    ['/assets/of-another-build.js', 'cors', 'GET'],
    ['/assets/voice-1.js', 'cors', 'POST'],
    ['/voice/', 'cors', 'GET'],
    ['/voice/sw.js', 'cors', 'HEAD'],
    ['/api/v1/auth/login', 'navigate', 'GET'],
    ['https://elsewhere.example/assets/voice-1.js', 'cors', 'GET'],
  ] as const)('%s (%s, %s) is none of its business', (path, mode, method) => {
    expect(shell.answer(asked(path, mode, method), ORIGIN)).toBeNull();
  });

  test('for a file of the build need no network', async () => {
    await shell.install();
    network.mockRejectedValue(new TypeError('no network'));
    const answer = await shell.answer(asked('/assets/voice-1.js'), ORIGIN);
    expect(await answer?.text()).toBe(`${ORIGIN}/assets/voice-1.js`);
  });

  test('for a file that was taken away go to the server', async () => {
    const answer = await shell.answer(asked('/assets/voice-1.css'), ORIGIN);
    expect(await answer?.text()).toBe(`${ORIGIN}/assets/voice-1.css`);
  });
});

describe('the page', () => {
  test('is the one of the server, and is not kept', async () => {
    await shell.install();
    network.mockResolvedValue(new Response('of a user'));
    const answer = await shell.answer(asked('/voice/', 'navigate'), ORIGIN);
    expect(await answer?.text()).toBe('of a user');
    const kept = await Promise.all([...caches.stores.get('voiceassist-b2')!.values()].map((response) => response.text()));
    expect(kept).not.toContain('of a user');
  });

  test('without a server is the kept one, with another nonce every time', async () => {
    await shell.install();
    network.mockRejectedValue(new TypeError('no network'));
    const nonces = new Set<string>();
    for (let time = 0; time < 2; time++) {
      const answer = (await shell.answer(asked('/voice/', 'navigate'), ORIGIN))!;
      const [, nonce] = /<script nonce="([^"]+)">/.exec(await answer.text())!;
      expect(answer.headers.get('content-security-policy')).toBe(POLICY.replaceAll('kept', nonce!));
      expect(answer.headers.get('permissions-policy')).toBe('microphone=(self)');
      expect(answer.headers.get('content-encoding')).toBeNull();
      nonces.add(nonce!);
    }
    expect(nonces.size).toBe(2);
    expect(nonces).not.toContain('kept');
  });

  test('without a server and without a kept one, or with one that has no policy, is an error of the network', async () => {
    network.mockRejectedValue(new TypeError('no network'));
    expect((await shell.answer(asked('/voice/', 'navigate'), ORIGIN))?.type).toBe('error');
    network.mockImplementation(() => Promise.resolve(new Response('<script>')));
    await shell.install();
    network.mockRejectedValue(new TypeError('no network'));
    expect((await shell.answer(asked('/voice/', 'navigate'), ORIGIN))?.type).toBe('error');
  });
});

test('a page is of this build when all of its files are', () => {
  expect(shell.has(['/assets/voice-1.js', '/assets/voice-1.css'])).toBe(true);
  expect(shell.has(['/assets/voice-1.js', '/assets/voice-0.css'])).toBe(false);
  expect(shell.has('anything else')).toBe(false);
});
