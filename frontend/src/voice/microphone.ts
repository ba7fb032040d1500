import type { Audio } from '../audio/engine';
import { FRAME_MS } from '../audio/pcm';
import type { Store } from './store';

const SHORTEST_FRAMES = 300 / FRAME_MS;
/** Speech still in the air when the button is let go. */
const TAIL_FRAMES = 160 / FRAME_MS;
const TAIL_TIMEOUT_MS = 600;
const WARM_MS = 20_000;
const LOUD = 0.012;
const QUIET_FRAMES = 400 / FRAME_MS;

interface Effects {
  send(pcm: Int16Array): void;
  /** The level of a frame that nobody pressed a button for. */
  level(level: number): void;
  /** The same of its raw sound, and what was played. */
  raw(level: number, played: number): void;
  /** The last frame of a held question was sent. */
  spoken(): void;
}

/** Which frames of the microphone are sent, and how long it stays open. */
export class Microphone {
  readonly #store: Store;
  readonly #audio: Audio;
  readonly #effects: Effects;
  readonly #levels = new Set<(level: number) => void>();
  #frames = 0;
  #tail: number | null = null;
  #quiet = QUIET_FRAMES;
  #tailTimer: ReturnType<typeof setTimeout> | undefined;
  #warmTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store, audio: Audio, effects: Effects) {
    this.#store = store;
    this.#audio = audio;
    this.#effects = effects;
  }

  /** Calls back with the level of every frame that is sent, and 0 when sending ends. */
  onLevel(listener: (level: number) => void): () => void {
    this.#levels.add(listener);
    return () => this.#levels.delete(listener);
  }

  async open(): Promise<void> {
    clearTimeout(this.#warmTimer);
    // Also when the button was let go meanwhile: an open microphone is shown as open until it is closed.
    // Only an answer into which anybody may speak is held for a sound of the room.
    const microphone = await this.#audio.startCapture(this.#store.get().handsFree);
    this.#store.set({ microphone });
  }

  close(): void {
    clearTimeout(this.#warmTimer);
    this.#audio.stopCapture();
    this.#store.set({ microphone: false });
    this.endHold();
    clearTimeout(this.#warmTimer);
  }

  hold(): void {
    this.#frames = 0;
    this.#tail = null;
    this.#store.set({ holding: true });
  }

  /** Lets go; what is in the air is still sent. "short": too little for a question. "silent": nothing yet. */
  release(): 'sending' | 'short' | 'silent' {
    if (this.#tail !== null) return 'sending';
    if (this.#frames < SHORTEST_FRAMES) {
      this.endHold();
      return this.#frames > 0 ? 'short' : 'silent';
    }
    this.#tail = TAIL_FRAMES;
    this.#tailTimer = setTimeout(() => this.#spoken(), TAIL_TIMEOUT_MS);
    return 'sending';
  }

  /** Ends a hold at once; the microphone stays open for a while, in case another question follows. */
  endHold(): void {
    clearTimeout(this.#tailTimer);
    this.#tail = null;
    this.#store.set({ holding: false });
    this.stopSending();
    this.#warmTimer = setTimeout(() => this.close(), WARM_MS);
  }

  stopSending(): void {
    this.#quiet = QUIET_FRAMES;
    this.#store.set({ sending: false, hearing: false, passing: '' });
    this.#levels.forEach((listener) => listener(0));
  }

  frame(pcm: Int16Array, level: number): void {
    const { holding, handsFree, muted } = this.#store.get();
    if (!holding && (!handsFree || muted)) return;
    this.#effects.send(pcm);
    if (!holding) this.#effects.level(level);
    this.#frames += 1;
    this.#quiet = level > LOUD ? 0 : this.#quiet + 1;
    // In hands-free mode the service says when it hears somebody.
    this.#store.set(holding ? { sending: true, hearing: this.#quiet < QUIET_FRAMES } : { sending: true });
    this.#levels.forEach((listener) => listener(level));
    if (this.#tail !== null && --this.#tail <= 0) this.#spoken();
  }

  raw(level: number, played: number): void {
    const { holding, handsFree, muted } = this.#store.get();
    if (!holding && handsFree && !muted) this.#effects.raw(level, played);
  }

  #spoken(): void {
    this.endHold();
    this.#effects.spoken();
  }
}
