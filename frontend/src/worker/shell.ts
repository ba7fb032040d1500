/** What of a service worker's scope is needed here; TypeScript's own library for it contradicts that of pages. */
export interface Place {
  caches: CacheStorage;
  fetch: (request: Request) => Promise<Response>;
}

/** One build of the page: its version and the files that it consists of, written by vite.config.ts. */
export interface Build {
  version: string;
  assets: readonly string[];
}

/** The page as the host sends it to somebody without a session: the same bytes for everybody. */
export const SHELL = '/voice/offline';
const PAGE = '/voice/';
const PREFIX = 'voiceassist-';

/**
 * Keeps the page so that it opens without its server, and nothing else: the files of one build and the empty page. An
 * answer of the API, sound, or the page of somebody who is signed in never comes in here.
 */
export class Shell {
  readonly #place: Place;
  readonly #build: Build;
  readonly #assets: ReadonlySet<string>;

  constructor(place: Place, build: Build) {
    this.#place = place;
    this.#build = build;
    this.#assets = new Set(build.assets);
  }

  /** Fetches everything anew. @throws {TypeError} when a file is not there: the build before it then stays in force. */
  async install(): Promise<void> {
    const cache = await this.#cache();
    // Without cookies nobody's own answer can come back.
    await cache.addAll(this.#build.assets.map((path) => new Request(path, { credentials: 'omit' })));
    await cache.add(new Request(SHELL, { credentials: 'omit', cache: 'no-store' }));
  }

  /** Takes away what other builds had kept. */
  async activate(): Promise<void> {
    const names = await this.#place.caches.keys();
    const old = names.filter((name) => name.startsWith(PREFIX) && name !== this.#name);
    await Promise.all(old.map((name) => this.#place.caches.delete(name)));
  }

  /** @returns null for what the browser does by itself, as if we were not here. */
  answer(request: Request, origin: string): Promise<Response> | null {
    const { origin: asked, pathname } = new URL(request.url);
    if (request.method !== 'GET' || asked !== origin) return null;
    if (this.#assets.has(pathname)) return this.#asset(request, pathname);
    if (request.mode === 'navigate' && pathname === PAGE) return this.#page(request);
    return null;
  }

  async #asset(request: Request, pathname: string): Promise<Response> {
    const cache = await this.#cache();
    // Its name holds its content, so it never changes; it was stored in the coding that the browser asked for.
    return (await cache.match(pathname, { ignoreVary: true })) ?? this.#place.fetch(request);
  }

  /** The server's page as it is, which is not kept; the empty one only where there is no server. */
  async #page(request: Request): Promise<Response> {
    try {
      return await this.#place.fetch(request);
    } catch {
      const cache = await this.#cache();
      const kept = await cache.match(SHELL);
      return kept ? withFreshNonce(kept) : Response.error();
    }
  }

  /** Whether a page made of these files is of this build. */
  has(files: unknown): boolean {
    return Array.isArray(files) && files.every((path) => this.#assets.has(path as string));
  }

  #cache(): Promise<Cache> {
    return this.#place.caches.open(this.#name);
  }

  get #name(): string {
    return PREFIX + this.#build.version;
  }
}

/** A nonce counts once: the kept page gets another one every time, in its policy and in its elements. */
async function withFreshNonce(kept: Response): Promise<Response> {
  const policy = kept.headers.get('content-security-policy') ?? '';
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
  if (nonce === undefined) return Response.error(); // a page without its policy is none of ours
  const fresh = crypto.randomUUID();
  const headers = new Headers(kept.headers);
  headers.set('content-security-policy', policy.replaceAll(nonce, fresh));
  // They describe the bytes that came over the network.
  headers.delete('content-encoding');
  headers.delete('content-length');
  return new Response((await kept.text()).replaceAll(nonce, fresh), { headers });
}
