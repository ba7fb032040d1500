import { CAPTURE, type CaptureFrame } from './worklets/messages';

/** Why the microphone could not be opened. */
export type MicrophoneFault = 'MIC_DENIED' | 'MIC_MISSING' | 'MIC_FAILED';

export class MicrophoneError extends Error {
  constructor(readonly fault: MicrophoneFault) {
    super(fault);
  }
}

export interface CaptureHandlers {
  /** 20 ms of sound at 24 kHz and its level, 0 to 1. */
  frame: (pcm: Int16Array, level: number) => void;
  /** No sound has come for a second; the microphone is being opened again. */
  stalled: (stalled: boolean) => void;
}

interface Open {
  stream: MediaStream;
  source: AudioNode;
  node: AudioWorkletNode;
}

const STALL_MS = 1_000;
const WATCH_MS = 250;
const RESTART_MS = 3_000;
const CONSTRAINTS = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };

/** The microphone, watched: what does not deliver frames is not listening, whatever the browser says. */
export class Capture {
  readonly #handlers: CaptureHandlers;
  #context: AudioContext | null = null;
  #open: Open | null = null;
  #opening: Promise<void> | null = null;
  #watch: ReturnType<typeof setInterval> | undefined;
  #lastFrame = 0;
  #lastRestart = 0;
  #isStalled = false;

  constructor(handlers: CaptureHandlers) {
    this.#handlers = handlers;
  }

  /** @returns whether the microphone is open, which `stop` may have prevented. @throws {MicrophoneError} */
  async start(context: AudioContext): Promise<boolean> {
    this.#context = context;
    if (!this.#open) {
      this.#opening ??= this.#begin(context).finally(() => (this.#opening = null));
      await this.#opening;
    }
    return this.#open !== null;
  }

  stop(): void {
    this.#context = null;
    clearInterval(this.#watch);
    this.#release();
    this.#stalled(false);
  }

  async #begin(context: AudioContext): Promise<void> {
    const stream = await openMicrophone();
    // The user may have let go or left while the browser asked for permission.
    if (this.#context !== context) {
      stream.getTracks().forEach((track) => track.stop());
      return;
    }
    const source = context.createMediaStreamSource(stream);
    const node = new AudioWorkletNode(context, CAPTURE);
    const silent = new GainNode(context, { gain: 0 });
    // A capture node that does not lead to the destination is never run.
    source.connect(node).connect(silent).connect(context.destination);
    node.port.onmessage = (message: MessageEvent<CaptureFrame>) => this.#frame(message.data);
    this.#open = { stream, source, node };
    this.#lastFrame = performance.now();
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#check(), WATCH_MS);
  }

  #release(): void {
    if (!this.#open) return;
    const { stream, source, node } = this.#open;
    this.#open = null;
    node.port.onmessage = null;
    source.disconnect();
    node.disconnect();
    for (const track of stream.getTracks()) track.stop();
  }

  #frame(frame: CaptureFrame): void {
    // A track that ended or was muted by the system goes on as silence; that is no sound of a microphone.
    if (!this.#open?.stream.getAudioTracks().some((track) => track.readyState === 'live' && !track.muted)) return;
    this.#lastFrame = performance.now();
    this.#stalled(false);
    this.#handlers.frame(frame.pcm, frame.level);
  }

  #check(): void {
    const now = performance.now();
    if (now - this.#lastFrame < STALL_MS) return;
    this.#stalled(true);
    if (now - this.#lastRestart < RESTART_MS || !this.#context) return;
    this.#lastRestart = now;
    this.#release();
    // A failed restart stays visible as "stalled"; a later check tries again.
    void this.#context.resume();
    this.start(this.#context).catch(() => undefined);
  }

  #stalled(stalled: boolean): void {
    if (stalled === this.#isStalled) return;
    this.#isStalled = stalled;
    this.#handlers.stalled(stalled);
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
