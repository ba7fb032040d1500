import type { Audio } from '../audio/engine';
import { NearVoice } from '../audio/nearVoice';
import { FRAME_MS } from '../audio/pcm';

/** So long the page waits for the service, which hears the voice once echo cancellation has let go of it. */
const UNCONFIRMED_MS = 800;
/** A service that is busy hears it later, and the page was right all the same. */
const LATE_MS = 1_500;
/** A pause between two words is shorter. */
const QUIET_MS = 300;
/** What ends as soon as the answer is held, but for the way through the room, was its echo, or a noise. */
const ECHO_MS = 180;
const RAW_FRAMES = 10;
/** The service decides within two seconds; one that says nothing any more must not silence an answer for good. */
const UNDECIDED_MS = 4_000;

/** Milliseconds of sound since the page held the answer, of quiet at their end, and the ears that made it do so. */
interface Since {
  sound: number;
  quiet: number;
  ears: NearVoice[];
}

/**
 * Who makes the answer wait, and how long at most. The page holds it at the first sound that may be a voice; only the
 * service says whether somebody interrupts. Whatever happens, it goes on by itself where it was held.
 */
export class Holding {
  readonly #audio: Audio;
  readonly #told: (held: boolean) => void;
  /** As the service hears it, and as it is. */
  readonly #cleaned = new NearVoice();
  readonly #raw = new NearVoice();
  #by: 'nobody' | 'page' | 'service' = 'nobody';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nearInCleaned = false;
  #nearInRaw = false;
  /** Frames since the last raw one, which not every browser has. */
  #withoutRaw = 0;
  #since: Since | null = null;
  /** Who was fooled the last time that the service had heard nobody, and when. */
  #mistake: { ears: NearVoice[]; at: number } = { ears: [], at: 0 };
  /** After a hold that came to nothing the next one needs a pause before it. */
  #armed = true;

  /** @param told whether the answer waits now */
  constructor(audio: Audio, told: (held: boolean) => void) {
    this.#audio = audio;
    this.#told = told;
  }

  /** The level of a frame that is sent; `audible`: an answer sounds that somebody could interrupt. */
  frame(level: number, audible: boolean): void {
    this.#nearInCleaned = this.#cleaned.take(level);
    this.#withoutRaw += 1;
    if (this.#withoutRaw > RAW_FRAMES) this.#nearInRaw = false;
    if (this.#since) this.#follow(this.#since);
    this.#judge(audible);
  }

  /** The level of the same sound with its echo, and the loudest that was played of late. */
  raw(level: number, played: number, audible: boolean): void {
    this.#withoutRaw = 0;
    this.#nearInRaw = this.#raw.take(level, played, audible && this.#by === 'nobody');
    this.#judge(audible);
  }

  #judge(audible: boolean): void {
    const near = this.#nearInCleaned || this.#nearInRaw;
    if (!near) this.#armed = true;
    if (!audible || !near || !this.#armed || this.#by !== 'nobody') return;
    this.#since = { sound: 0, quiet: 0, ears: [...(this.#nearInCleaned ? [this.#cleaned] : []), ...(this.#nearInRaw ? [this.#raw] : [])] };
    this.#begin('page', UNCONFIRMED_MS);
  }

  /** The service hears somebody, too, and will say whether the answer goes on. */
  await(): void {
    if (this.#by === 'nobody' && performance.now() - this.#mistake.at < LATE_MS) this.#mistake.ears.forEach((ear) => ear.right());
    this.#begin('service', UNDECIDED_MS);
  }

  /** The answer goes on where it was held. */
  goOn(): void {
    if (this.#end()) this.#audio.hold(false);
  }

  /** Somebody interrupts: what was taken for a voice is one. */
  confirmed(): void {
    this.#cleaned.right();
    this.#raw.right();
  }

  /** There is no answer any more that could go on. */
  forget(): void {
    this.#end();
  }

  #follow(since: Since): void {
    since.sound += FRAME_MS;
    since.quiet = this.#cleaned.loud || this.#raw.loud ? 0 : since.quiet + FRAME_MS;
    if (since.quiet < QUIET_MS) return;
    if (since.sound - since.quiet < ECHO_MS) since.ears.forEach((ear) => ear.fooled());
    this.#since = null;
    if (this.#by === 'page') this.goOn();
  }

  #begin(by: 'page' | 'service', ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expire(), ms);
    const waits = this.#by !== 'nobody';
    this.#by = by;
    if (waits) return;
    this.#audio.hold(true);
    this.#told(true);
  }

  #expire(): void {
    // A sound that goes on and that the service does not take for a voice: a noise of the room.
    if (this.#by === 'page' && this.#since) {
      this.#mistake = { ears: this.#since.ears, at: performance.now() };
      this.#mistake.ears.forEach((ear) => ear.fooled());
    }
    this.goOn();
  }

  #end(): boolean {
    clearTimeout(this.#timer);
    this.#since = null;
    this.#armed = false;
    if (this.#by === 'nobody') return false;
    this.#by = 'nobody';
    this.#told(false);
    return true;
  }
}
