import { FRAME_MS } from './pcm';

/** So much sound in so many milliseconds may be a voice; a click is shorter. */
const VOICE_FRAMES = 50 / FRAME_MS;
const WINDOW_FRAMES = 80 / FRAME_MS;
/** Full scale is 1: -40 dBFS. Speech at arm's length is louder by 15 dB. */
const QUIETEST = 0.01;
/** A voice stands out of the noise of the room by 12 dB. */
const ABOVE_NOISE = 4;
/** The noise is the least level of late; half a second without a pause doubles it. */
const NOISE_RISES = 2 ** (FRAME_MS / 500);
/** Whatever fooled us has to be louder by 6 dB, and that is forgotten more slowly each time. */
const ABOVE_MISTAKE = 2;
/** The echo of what is played, as loud as nine tenths of it are; a voice is louder by 6 dB. */
const ABOVE_ECHO = 2;
const ECHO_RISES = 1.05;
const ECHO_FALLS = ECHO_RISES ** (-1 / 9);
/** In the first seconds, when nothing is known of the room, it is learned faster. */
const HASTE = 5;
const HASTE_FRAMES = 3_000 / FRAME_MS;
const LOUDEST_ECHO = 4;
const PLAYED = 0.01;
const FORGOTTEN_MS = 20_000;
const MOST_DOUBLINGS = 5;
/** The loudest of late: it falls to half in a second. */
const PEAK_FALLS = 0.5 ** (FRAME_MS / 1_000);

/**
 * Hears by the level of the microphone alone that somebody near may have begun to speak, some hundred milliseconds
 * before the service is sure. A door or what is left of an echo fools it, so it decides nothing, and it learns from that.
 */
export class NearVoice {
  /** Whether the last frame stood out. */
  loud = false;
  #recent: boolean[] = [];
  #noise = QUIETEST / ABOVE_NOISE;
  #peak = 0;
  #echo = 1;
  #learned = 0;
  #fooledBy = 0;
  #mistakes = 0;

  /**
   * Takes the level of the next frame, root mean square of full scale.
   *
   * @param played the loudest of late whose echo may be in it; 0 where the browser has taken the echo away
   * @param learns whether what is played now may be compared with what comes back: nobody is known to speak
   * @returns whether a voice may be near
   */
  take(level: number, played = 0, learns = false): boolean {
    this.loud = level > Math.max(QUIETEST, this.#noise * ABOVE_NOISE, this.#fooledBy * ABOVE_MISTAKE, this.#echo * played * ABOVE_ECHO);
    if (learns && played > PLAYED) this.#learn(level / played);
    this.#noise = Math.min(level, Math.max(this.#noise, QUIETEST / 100) * NOISE_RISES);
    this.#fooledBy *= 0.5 ** (FRAME_MS / (FORGOTTEN_MS * 2 ** Math.min(this.#mistakes, MOST_DOUBLINGS)));
    this.#recent = [...this.#recent.slice(1 - WINDOW_FRAMES), this.loud];
    this.#peak = Math.max(level, this.#peak * PEAK_FALLS);
    return this.#recent.filter(Boolean).length >= VOICE_FRAMES;
  }

  /** How much of what is played comes back: a headset gives nothing, a laptop as much as a voice. */
  #learn(echo: number): void {
    this.#learned += 1;
    const step = this.#learned < HASTE_FRAMES ? HASTE : 1;
    this.#echo = Math.min(LOUDEST_ECHO, this.#echo * (echo > this.#echo ? ECHO_RISES : ECHO_FALLS) ** step);
  }

  /** What was taken for a voice was one. */
  right(): void {
    this.#mistakes = 0;
    this.#fooledBy = 0;
  }

  /** What was taken for a voice was none. */
  fooled(): void {
    this.#fooledBy = Math.max(this.#fooledBy, this.#peak);
    this.#mistakes += 1;
  }
}
