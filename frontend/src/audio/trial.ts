import { openMicrophone } from './capture';

/** A microphone as the browser names it; `id` is the browser's own and changes with its data. */
export interface Device {
  id: string;
  label: string;
}

const TONE_HZ = 440;
const TONE_SECONDS = 0.6;
const TONE_GAIN = 0.2;
/** Speech at arm's length fills most of the bar. */
const FULL = 0.25;

/** @returns the microphones; without names until one was opened in this page. */
export async function microphones(): Promise<Device[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  // "default" and "communications" are other names of one of the others.
  return devices.filter(({ kind, deviceId }) => kind === 'audioinput' && !['', 'default', 'communications'].includes(deviceId)).map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/** A microphone and a speaker to be tried: nothing of it is recorded, kept or sent. */
export class Trial {
  readonly #stream: MediaStream;
  readonly #context: AudioContext;
  readonly #analyser: AnalyserNode;
  readonly #samples: Float32Array<ArrayBuffer>;

  private constructor(stream: MediaStream, context: AudioContext) {
    this.#stream = stream;
    this.#context = context;
    this.#analyser = new AnalyserNode(context, { fftSize: 1024 });
    this.#samples = new Float32Array(this.#analyser.fftSize);
    context.createMediaStreamSource(stream).connect(this.#analyser);
  }

  /** @param id of a device; null: the one the system prefers. @throws {MicrophoneError} */
  static async open(id: string | null): Promise<Trial> {
    const stream = await openMicrophone(id);
    return new Trial(stream, new AudioContext({ latencyHint: 'interactive' }));
  }

  /** How loud it is now, 0 to 1. */
  level(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
    return Math.min(1, Math.sqrt(power) / FULL);
  }

  /** Plays a short tone. */
  tone(): void {
    const end = this.#context.currentTime + TONE_SECONDS;
    const gain = new GainNode(this.#context, { gain: TONE_GAIN });
    gain.gain.setTargetAtTime(0, end - 0.1, 0.03);
    const oscillator = new OscillatorNode(this.#context, { frequency: TONE_HZ });
    oscillator.connect(gain).connect(this.#context.destination);
    void this.#context.resume();
    oscillator.start();
    oscillator.stop(end);
  }

  close(): void {
    for (const track of this.#stream.getTracks()) track.stop();
    void this.#context.close();
  }
}
