import { Problem } from '../api/client';
import type { ClientEvent, ServerEvent } from '../audio/transport/protocol';
import { FRAME_MS } from '../audio/pcm';
import type { Connect, Transport } from '../audio/transport/transport';

export type LinkState = 'down' | 'connecting' | 'up' | 'reconnecting';

export interface LinkOptions {
  ticket: () => Promise<string>;
  connect: Connect;
  /** The first events of every connection: what it goes on with, and how this session wants to be spoken to. */
  greeting(): ClientEvent[];
  state(state: LinkState): void;
  event(event: ServerEvent): void;
  /** An established connection broke. */
  lost(): void;
}

const OPEN_TIMEOUT_MS = 10_000;
const BACKOFF_MS = [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000];
/** Five seconds of sound may wait for a connection; older sound would be answered too late to be of use. */
const WAITING_FRAMES = 5_000 / FRAME_MS;

/** One connection to the realtime service, opened on first use and again after a loss when somebody needs it. */
export class Link {
  readonly #options: LinkOptions;
  #transport: Transport | null = null;
  #opening: Promise<void> | null = null;
  #up = false;
  #waiting: ClientEvent[] = [];
  #epoch = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get up(): boolean {
    return this.#up;
  }

  /** Resolves once the service has accepted our session. @throws {Problem} */
  async ensure(): Promise<void> {
    if (this.#up) return;
    this.#opening ??= this.#begin('connecting', [0]).finally(() => (this.#opening = null));
    await this.#opening;
  }

  /** Tries again, ever more slowly, until the service is back. @throws {Problem} when it stays away. */
  async renew(): Promise<void> {
    this.#opening ??= this.#begin('reconnecting', BACKOFF_MS).finally(() => (this.#opening = null));
    await this.#opening;
  }

  /** Sends now, or as soon as the connection stands. */
  send(event: ClientEvent): void {
    if (this.#up) return this.#transport?.send(event);
    this.#waiting.push(event);
    if (this.#waiting.length > WAITING_FRAMES) {
      const oldest = this.#waiting.findIndex((waiting) => waiting.type === 'input_audio_buffer.append');
      if (oldest >= 0) this.#waiting.splice(oldest, 1);
    }
  }

  close(): void {
    this.#epoch += 1;
    this.#drop();
    this.#options.state('down');
  }

  async #begin(state: LinkState, delays: readonly number[]): Promise<void> {
    const epoch = this.#epoch;
    this.#options.state(state);
    try {
      await this.#attempts(delays, epoch);
    } catch (error) {
      this.#drop();
      this.#options.state('down');
      throw error;
    }
  }

  async #attempts(delays: readonly number[], epoch: number): Promise<void> {
    let failure: unknown;
    for (const delay of delays) {
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (epoch !== this.#epoch) throw new Problem('NETWORK');
      try {
        await this.#open(epoch);
        return;
      } catch (error) {
        failure = error;
        if (error instanceof Problem && (error.status === 401 || error.status === 403)) break;
      }
    }
    throw failure;
  }

  async #open(epoch: number): Promise<void> {
    const ticket = await this.#options.ticket();
    if (epoch !== this.#epoch) throw new Problem('NETWORK');
    await new Promise<void>((resolve, reject) => {
      const fail = (): void => {
        clearTimeout(timer);
        transport.close();
        reject(new Problem('NETWORK'));
      };
      const timer = setTimeout(fail, OPEN_TIMEOUT_MS);
      const accepted = (): void => {
        clearTimeout(timer);
        this.#accepted();
        resolve();
      };
      const transport: Transport = this.#options.connect(ticket, {
        event: (event) => this.#event(event, accepted),
        lost: () => (this.#up ? this.#lost() : fail()),
      });
      this.#transport = transport;
    });
  }

  #event(event: ServerEvent, accepted: () => void): void {
    if (event.kind === 'created') this.#options.greeting().forEach((greeting) => this.#transport?.send(greeting));
    else if (event.kind === 'updated' && !this.#up) accepted();
    else this.#options.event(event);
  }

  #accepted(): void {
    this.#up = true;
    for (const event of this.#waiting.splice(0)) this.#transport?.send(event);
    this.#options.state('up');
  }

  #lost(): void {
    this.#drop();
    this.#options.lost();
  }

  #drop(): void {
    this.#up = false;
    this.#waiting = [];
    this.#transport?.close();
    this.#transport = null;
  }
}
