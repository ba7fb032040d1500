import { workletUrls } from '../security/trustedTypes';
import { WIRE_RATE, int16ToFloat } from './pcm';
import type { Rendered } from './playerQueue';
import { CAPTURE, PLAYER, type CaptureFrame, type PlayerCommand, type PlayerReport } from './worklets/messages';

/** Why the microphone could not be opened. */
export type MicrophoneFault = 'MIC_DENIED' | 'MIC_MISSING' | 'MIC_FAILED';

export class MicrophoneError extends Error {
  constructor(readonly fault: MicrophoneFault) {
    super(fault);
  }
}

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

export interface AudioHandlers {
  frame(pcm: Int16Array, level: number): void;
  stalled(stalled: boolean): void;
  playing(playing: boolean): void;
  position(heard: Heard): void;
  finished(heard: Heard): void;
  counts(counts: AudioCounts): void;
}

export interface Audio {
  /** Makes and resumes the context; must first be called inside a click or key press. */
  ready(): Promise<void>;
  startCapture(): Promise<void>;
  stopCapture(): void;
  play(generation: number, itemId: string, pcm: Int16Array): void;
  end(generation: number, itemId: string): void;
  /** Silences the speaker and every chunk below `minimum`; null when nothing was playing. */
  clear(minimum: number): Promise<Heard | null>;
  close(): Promise<void>;
}

const STALL_MS = 1_000;
const WATCH_MS = 250;
const CLEAR_TIMEOUT_MS = 300;
const RESTART_MS = 3_000;
const CONSTRAINTS = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };

/** One context and one microphone stream, for capture and for playback. */
export class AudioEngine implements Audio {
  readonly #handlers: AudioHandlers;
  #context: AudioContext | null = null;
  #player: AudioWorkletNode | null = null;
  #starting: Promise<void> | null = null;
  #capture: { stream: MediaStream; source: AudioNode; node: AudioWorkletNode } | null = null;
  #opening: Promise<void> | null = null;
  #wanted = false;
  #watch: ReturnType<typeof setInterval> | undefined;
  #lastFrame = 0;
  #lastRestart = 0;
  #isStalled = false;
  #isPlaying = false;
  #cleared: ((heard: Heard | null) => void)[] = [];
  #counts: AudioCounts = { renderedSamples: 0, capturedFrames: 0, staleChunks: 0 };

  constructor(handlers: AudioHandlers) {
    this.#handlers = handlers;
  }

  async ready(): Promise<void> {
    this.#starting ??= this.#start();
    await this.#starting;
    if (this.#context?.state !== 'running') await this.#context?.resume();
  }

  async startCapture(): Promise<void> {
    this.#wanted = true;
    await this.ready();
    if (this.#capture) return;
    this.#opening ??= this.#open().finally(() => (this.#opening = null));
    await this.#opening;
  }

  stopCapture(): void {
    this.#wanted = false;
    clearInterval(this.#watch);
    this.#release();
    this.#stalled(false);
  }

  play(generation: number, itemId: string, pcm: Int16Array): void {
    const samples = int16ToFloat(pcm);
    this.#command({ type: 'chunk', generation, item: itemId, samples }, [samples.buffer as ArrayBuffer]);
  }

  end(generation: number, itemId: string): void {
    this.#command({ type: 'end', generation, item: itemId });
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

  async #open(): Promise<void> {
    const stream = await openMicrophone();
    const context = this.#context;
    // The user may have let go or left while the browser asked for permission.
    if (!this.#wanted || !context) {
      stream.getTracks().forEach((track) => track.stop());
      return;
    }
    const source = context.createMediaStreamSource(stream);
    const node = new AudioWorkletNode(context, CAPTURE);
    const silent = new GainNode(context, { gain: 0 });
    // A capture node that does not lead to the destination is never run.
    source.connect(node).connect(silent).connect(context.destination);
    node.port.onmessage = (message: MessageEvent<CaptureFrame>) => this.#frame(message.data);
    this.#capture = { stream, source, node };
    this.#lastFrame = performance.now();
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#check(), WATCH_MS);
  }

  #release(): void {
    if (!this.#capture) return;
    const { stream, source, node } = this.#capture;
    this.#capture = null;
    node.port.onmessage = null;
    source.disconnect();
    node.disconnect();
    for (const track of stream.getTracks()) track.stop();
  }

  #frame(frame: CaptureFrame): void {
    // A track that ended or was muted by the system goes on as silence; that is no sound of a microphone.
    if (!this.#capture?.stream.getAudioTracks().some((track) => track.readyState === 'live' && !track.muted)) return;
    this.#lastFrame = performance.now();
    this.#counts = { ...this.#counts, capturedFrames: this.#counts.capturedFrames + 1 };
    this.#stalled(false);
    this.#handlers.frame(frame.pcm, frame.level);
    if (this.#counts.capturedFrames % 25 === 0) this.#handlers.counts(this.#counts);
  }

  #check(): void {
    const now = performance.now();
    if (now - this.#lastFrame < STALL_MS) return;
    this.#stalled(true);
    if (now - this.#lastRestart < RESTART_MS) return;
    this.#lastRestart = now;
    this.#release();
    // A failed restart stays visible as "stalled"; the next check tries again.
    this.startCapture().catch(() => undefined);
  }

  #stalled(stalled: boolean): void {
    if (stalled === this.#isStalled) return;
    this.#isStalled = stalled;
    this.#handlers.stalled(stalled);
  }

  #command(command: PlayerCommand, transfer: Transferable[] = []): void {
    this.#player?.port.postMessage(command, transfer);
  }

  #report(report: PlayerReport): void {
    this.#counts = { ...this.#counts, renderedSamples: this.#toWire(report.total), staleChunks: report.stale };
    this.#handlers.counts(this.#counts);
    const latency = report.type === 'finished' ? 0 : (this.#context?.outputLatency ?? 0);
    const heard = report.heard && this.#heard(report.heard, latency);
    this.#follow(report, heard !== null);
    if (report.type === 'cleared') this.#cleared.shift()?.(heard);
    else if (heard && report.type === 'finished') this.#handlers.finished(heard);
    else if (heard) this.#handlers.position(heard);
  }

  /** A gap between two chunks of an answer is not its end. */
  #follow(report: PlayerReport, heard: boolean): void {
    if (report.type === 'position' && heard) this.#setPlaying(true);
    if (report.type === 'cleared' || (report.type === 'finished' && report.last)) this.#setPlaying(false);
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

async function openMicrophone(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
  } catch (error) {
    const name = error instanceof DOMException ? error.name : '';
    if (name === 'NotAllowedError' || name === 'SecurityError') throw new MicrophoneError('MIC_DENIED');
    if (name === 'NotFoundError' || name === 'OverconstrainedError') throw new MicrophoneError('MIC_MISSING');
    throw new MicrophoneError('MIC_FAILED');
  }
}
