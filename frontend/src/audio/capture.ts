import { level } from './pcm';
import { followTrack, Framer } from './track';
import { CAPTURE, type CaptureFrame } from './worklets/messages';

/** Why the microphone could not be opened. */
export type MicrophoneFault = 'MIC_DENIED' | 'MIC_MISSING' | 'MIC_FAILED';

export class MicrophoneError extends Error {
  constructor(readonly fault: MicrophoneFault) {
    super(fault);
  }
}

export interface CaptureHandlers {
  /** FRAME_MS of sound at 24 kHz and its level, 0 to 1. */
  frame: (pcm: Int16Array, level: number) => void;
  /** The level of a piece of the same sound before the browser took the echo out of it, where it can be had. */
  raw: (level: number) => void;
  /** No sound has come for a second; the microphone is being opened again. */
  stalled: (stalled: boolean) => void;
}

interface Open {
  stream: MediaStream;
  /** The track whose sound is taken by itself, without an AudioContext, where the browser can. */
  track: MediaStreamTrack | null;
  /** Takes its sound no more. */
  release: () => void;
}

const STALL_MS = 1_000;
const WATCH_MS = 250;
const RESTART_MS = 3_000;
const CLEANED = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

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
  #device: string | null = null;
  #wantsRaw = false;
  /** Ends the second stream, where there is one. */
  #endRaw: (() => void) | null = null;

  constructor(handlers: CaptureHandlers) {
    this.#handlers = handlers;
  }

  /**
   * @param raw whether `raw` of the handlers is wanted, too: it needs a second stream, which else is not open
   * @returns whether the microphone is open, which `stop` may have prevented
   * @throws {MicrophoneError}
   */
  async start(context: AudioContext, raw: boolean): Promise<boolean> {
    this.#context = context;
    this.#wantsRaw = raw;
    if (!this.#open) {
      this.#opening ??= this.#begin(context).finally(() => (this.#opening = null));
      await this.#opening;
    }
    this.#followRaw();
    return this.#open !== null;
  }

  stop(): void {
    this.#context = null;
    clearInterval(this.#watch);
    this.#release();
    this.#stalled(false);
  }

  /** From now on this device; null: the one the system prefers. @throws {MicrophoneError} where it is open and cannot change */
  async choose(device: string | null): Promise<void> {
    if (device === this.#device) return;
    this.#device = device;
    await this.#opening?.catch(() => undefined);
    if (!this.#open || !this.#context) return;
    this.#release();
    await this.start(this.#context, this.#wantsRaw);
  }

  async #begin(context: AudioContext): Promise<void> {
    const stream = await openMicrophone(this.#device);
    // The user may have let go or left while the browser asked for permission.
    if (this.#context !== context) {
      stream.getTracks().forEach((track) => track.stop());
      return;
    }
    this.#open = { stream, ...this.#take(stream, context) };
    this.#lastFrame = performance.now();
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#check(), WATCH_MS);
  }

  #take(stream: MediaStream, context: AudioContext): Omit<Open, 'stream'> {
    const [track] = stream.getAudioTracks();
    const framer = new Framer((frame) => this.#open?.stream === stream && this.#frame(frame));
    if (track && followTrack(track, (samples, rate) => framer.push(samples, rate))) return { track, release: () => undefined };
    const source = context.createMediaStreamSource(stream);
    const node = new AudioWorkletNode(context, CAPTURE);
    const silent = new GainNode(context, { gain: 0 });
    // A capture node that does not lead to the destination is never run.
    source.connect(node).connect(silent).connect(context.destination);
    node.port.onmessage = (message: MessageEvent<CaptureFrame>) => this.#frame(message.data);
    const release = (): void => {
      node.port.onmessage = null;
      source.disconnect();
      node.disconnect();
    };
    return { track: null, release };
  }

  #followRaw(): void {
    if (this.#wantsRaw && this.#open?.track) {
      this.#endRaw ??= this.#takeRaw(this.#open.track);
    } else {
      this.#endRaw?.();
      this.#endRaw = null;
    }
  }

  /**
   * The same microphone once more, as it is. Echo cancellation takes the beginning of a voice away with the echo, half a
   * second of it at worst. A browser that cannot open a microphone twice goes without.
   */
  #takeRaw(cleaned: MediaStreamTrack): () => void {
    let isOver = false;
    let raw: MediaStreamTrack | undefined;
    const end = (): void => {
      isOver = true;
      raw?.stop();
    };
    const begin = async (): Promise<void> => {
      const { deviceId } = cleaned.getSettings();
      const stream = await navigator.mediaDevices.getUserMedia({ audio: deviceId ? { ...RAW, deviceId: { exact: deviceId } } : RAW });
      [raw] = stream.getAudioTracks();
      if (isOver || raw?.getSettings().echoCancellation !== false) end();
      else followTrack(raw, (samples) => !isOver && this.#handlers.raw(level(samples)));
    };
    begin().catch(end);
    return end;
  }

  #release(): void {
    if (!this.#open) return;
    const { stream, release } = this.#open;
    this.#open = null;
    this.#followRaw();
    release();
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
    this.start(this.#context, this.#wantsRaw).catch(() => undefined);
  }

  #stalled(stalled: boolean): void {
    if (stalled === this.#isStalled) return;
    this.#isStalled = stalled;
    this.#handlers.stalled(stalled);
  }
}

/** Opens a device, or the one the system prefers: for null, and where the device is not there any more. @throws {MicrophoneError} */
export async function openMicrophone(device: string | null): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: device === null ? CLEANED : { ...CLEANED, deviceId: { exact: device } } });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : '';
    if (device !== null && (name === 'NotFoundError' || name === 'OverconstrainedError')) return openMicrophone(null);
    if (name === 'NotAllowedError' || name === 'SecurityError') throw new MicrophoneError('MIC_DENIED');
    if (name === 'NotFoundError' || name === 'OverconstrainedError') throw new MicrophoneError('MIC_MISSING');
    throw new MicrophoneError('MIC_FAILED');
  }
}
