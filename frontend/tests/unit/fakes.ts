import type { Audio, AudioHandlers, Heard } from '../../src/audio/engine';
import { decode, type ClientEvent } from '../../src/audio/transport/protocol';
import type { Connect, TransportHandlers } from '../../src/audio/transport/transport';

/** A speaker and microphone that do only what a test says. */
export class FakeAudio implements Audio {
  capturing = false;
  capturesRaw = false;
  closed = false;
  heard: Heard | null = null;
  failure: Error | null = null;
  played: { generation: number; itemId: string }[] = [];
  ended: string[] = [];
  cleared: number[] = [];
  held: boolean[] = [];
  rewound: [string, number][] = [];
  chosen: (string | null)[] = [];

  constructor(readonly handlers: AudioHandlers) {}

  ready(): Promise<void> {
    return Promise.resolve();
  }

  startCapture(raw: boolean): Promise<boolean> {
    if (this.failure) return Promise.reject(this.failure);
    this.capturing = true;
    this.capturesRaw = raw;
    return Promise.resolve(true);
  }

  stopCapture(): void {
    this.capturing = false;
  }

  chooseMicrophone(device: string | null): Promise<void> {
    this.chosen.push(device);
    return this.failure ? Promise.reject(this.failure) : Promise.resolve();
  }

  play(generation: number, itemId: string): void {
    this.played.push({ generation, itemId });
  }

  end(_generation: number, itemId: string): void {
    this.ended.push(itemId);
  }

  hold(held: boolean): void {
    this.held.push(held);
  }

  rewind(itemId: string, ms: number): void {
    this.rewound.push([itemId, ms]);
  }

  clear(minimum: number): Promise<Heard | null> {
    this.cleared.push(minimum);
    return Promise.resolve(this.heard);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  frames(count: number, level = 0.1): void {
    for (let index = 0; index < count; index++) this.handlers.frame(new Int16Array(480), level);
  }
}

/** The service's end of the connection. */
export class FakeService {
  readonly sent: ClientEvent[] = [];
  opened = 0;
  #handlers: TransportHandlers | null = null;

  readonly connect: Connect = (_ticket, handlers) => {
    this.opened += 1;
    this.#handlers = handlers;
    return { send: (event) => this.sent.push(event), close: () => undefined };
  };

  /** Accepts a connection as the real service does. */
  accept(): void {
    this.say({ type: 'session.created' });
    this.say({ type: 'session.updated' });
  }

  say(event: object): void {
    const decoded = decode(JSON.stringify(event));
    if (!decoded) throw new Error('not an event');
    this.#handlers?.event(decoded);
  }

  drop(): void {
    this.#handlers?.lost();
  }

  of(type: string): ClientEvent[] {
    return this.sent.filter((event) => event.type === type);
  }
}

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 20; round++) await Promise.resolve();
}
