import { workletUrls } from '../security/trustedTypes';
import { Capture, type CaptureHandlers } from './capture';
import { FRAME_MS, WIRE_RATE, int16ToFloat } from './pcm';
import type { Rendered } from './playerQueue';
import { PLAYER, type PlayerCommand, type PlayerReport } from './worklets/messages';

/** How much of an item the listener has heard, in whole milliseconds, never rounded up. */
export interface Heard {
  itemId: string;
  ms: number;
}

/** Totals since the page was opened; shown as data attributes so that tests can count. */
export interface AudioCounts {
  renderedSamples: number;
  capturedFrames: number;
  staleChunks: number;
}

export interface AudioHandlers extends Omit<CaptureHandlers, 'raw'> {
  /** The level of the microphone as it is, and the loudest that was played of late, whose echo may be in it. */
  raw: (level: number, played: number) => void;
  playing: (playing: boolean) => void;
  position: (heard: Heard) => void;
  /** The exact place at which an item was held or ended. */
  stopped: (heard: Heard) => void;
  counts: (counts: AudioCounts) => void;
}

export interface Audio {
  /** Makes and resumes the context; must first be called inside a click or key press. */
  ready(): Promise<void>;
  /**
   * @param raw whether the microphone is listened to as it is, too
   * @returns whether the microphone is open now
   * @throws {MicrophoneError}
   */
  startCapture(raw: boolean): Promise<boolean>;
  stopCapture(): void;
  /** @throws {MicrophoneError} */
  chooseMicrophone(device: string | null): Promise<void>;
  play(generation: number, itemId: string, pcm: Int16Array): void;
  end(generation: number, itemId: string): void;
  /** Stops the sound where it is, or goes on from there. */
  hold(held: boolean): void;
  /** Says an item again from that millisecond of it. */
  rewind(itemId: string, ms: number): void;
  /** Silences the speaker and every chunk below `minimum`; null when nothing was playing. */
  clear(minimum: number): Promise<Heard | null>;
  close(): Promise<void>;
}

const CLEAR_TIMEOUT_MS = 300;
/** Sound is played, goes through the room and comes back within this. */
const ECHO_MS = 400;
const COUNTED_FRAMES = 500 / FRAME_MS;

/** One context for microphone and speaker. */
export class AudioEngine implements Audio {
  readonly #handlers: AudioHandlers;
  readonly #capture: Capture;
  #context: AudioContext | null = null;
  #player: AudioWorkletNode | null = null;
  #starting: Promise<void> | null = null;
  #isPlaying = false;
  #cleared: ((heard: Heard | null) => void)[] = [];
  #levels: { at: number; level: number }[] = [];
  #counts: AudioCounts = { renderedSamples: 0, capturedFrames: 0, staleChunks: 0 };

  constructor(handlers: AudioHandlers) {
    this.#handlers = handlers;
    this.#capture = new Capture({
      frame: (pcm, level) => this.#frame(pcm, level),
      raw: (level) => handlers.raw(level, this.#played()),
      stalled: (stalled) => handlers.stalled(stalled),
    });
  }

  async ready(): Promise<void> {
    this.#starting ??= this.#start();
    await this.#starting;
    if (this.#context?.state !== 'running') await this.#context?.resume();
  }

  async startCapture(raw: boolean): Promise<boolean> {
    await this.ready();
    return this.#context !== null && (await this.#capture.start(this.#context, raw));
  }

  stopCapture(): void {
    this.#capture.stop();
  }

  chooseMicrophone(device: string | null): Promise<void> {
    return this.#capture.choose(device);
  }

  play(generation: number, itemId: string, pcm: Int16Array): void {
    const samples = int16ToFloat(pcm);
    this.#command({ type: 'chunk', generation, item: itemId, samples }, [samples.buffer as ArrayBuffer]);
  }

  end(generation: number, itemId: string): void {
    this.#command({ type: 'end', generation, item: itemId });
  }

  hold(held: boolean): void {
    this.#command({ type: 'hold', held });
  }

  rewind(itemId: string, ms: number): void {
    this.#command({ type: 'rewind', item: itemId, ms });
  }

  clear(minimum: number): Promise<Heard | null> {
    if (!this.#player) return Promise.resolve(null);
    const answer = new Promise<Heard | null>((resolve) => {
      this.#cleared.push(resolve);
      // A suspended context may not answer; nothing is heard from it either.
      setTimeout(resolve, CLEAR_TIMEOUT_MS, null);
    });
    this.#command({ type: 'clear', minimum });
    return answer;
  }

  async close(): Promise<void> {
    this.stopCapture();
    const context = this.#context;
    this.#context = null;
    this.#player = null;
    this.#starting = null;
    this.#setPlaying(false);
    for (const resolve of this.#cleared.splice(0)) resolve(null);
    await context?.close();
  }

  async #start(): Promise<void> {
    const context = new AudioContext({ latencyHint: 'interactive' });
    this.#context = context;
    await Promise.all(workletUrls.map((address) => context.audioWorklet.addModule(address)));
    this.#player = new AudioWorkletNode(context, PLAYER, { numberOfInputs: 0, outputChannelCount: [2] });
    this.#player.port.onmessage = (message: MessageEvent<PlayerReport>) => this.#report(message.data);
    this.#player.connect(context.destination);
  }

  #frame(pcm: Int16Array, level: number): void {
    this.#counts = { ...this.#counts, capturedFrames: this.#counts.capturedFrames + 1 };
    this.#handlers.frame(pcm, level);
    if (this.#counts.capturedFrames % COUNTED_FRAMES === 0) this.#handlers.counts(this.#counts);
  }

  #command(command: PlayerCommand, transfer: Transferable[] = []): void {
    this.#player?.port.postMessage(command, transfer);
  }

  #report(report: PlayerReport): void {
    this.#counts = { ...this.#counts, renderedSamples: this.#toWire(report.total), staleChunks: report.stale };
    this.#handlers.counts(this.#counts);
    this.#levels.push({ at: performance.now(), level: report.level });
    // What was handed to the device before a stop is still heard; while it goes on, not yet.
    const latency = report.type === 'position' ? (this.#context?.outputLatency ?? 0) : 0;
    const heard = report.heard && this.#heard(report.heard, latency);
    this.#follow(report, heard !== null);
    if (report.type === 'cleared') this.#cleared.shift()?.(heard);
    else if (heard && report.type === 'position') this.#handlers.position(heard);
    else if (heard) this.#handlers.stopped(heard);
  }

  /** A gap between two chunks of an answer is not its end. */
  #follow(report: PlayerReport, heard: boolean): void {
    if (report.type === 'position' && heard) this.#setPlaying(true);
    if (report.type === 'cleared' || (report.type === 'finished' && report.last)) this.#setPlaying(false);
  }

  #played(): number {
    const since = performance.now() - ECHO_MS;
    this.#levels = this.#levels.filter(({ at }) => at > since);
    return Math.max(0, ...this.#levels.map(({ level }) => level));
  }

  #setPlaying(playing: boolean): void {
    if (playing === this.#isPlaying) return;
    this.#isPlaying = playing;
    this.#handlers.playing(playing);
  }

  #heard(rendered: Rendered, latency: number): Heard {
    const seconds = rendered.samples / (this.#context?.sampleRate ?? WIRE_RATE) - latency;
    return { itemId: rendered.item, ms: Math.max(0, Math.floor(seconds * 1000)) };
  }

  #toWire(samples: number): number {
    return Math.floor((samples * WIRE_RATE) / (this.#context?.sampleRate ?? WIRE_RATE));
  }
}
