import { FRAME_SAMPLES, WIRE_RATE, floatToInt16, level } from '../pcm';
import { Resampler } from '../resampler';
import { CAPTURE, type CaptureFrame } from './messages';

/** Microphone to frames at 24 kHz, whatever the rate of the context. */
class Capture extends AudioWorkletProcessor {
  readonly #resampler = new Resampler(sampleRate, WIRE_RATE);
  #frame = new Float32Array(FRAME_SAMPLES);
  #filled = 0;

  process(inputs: Float32Array[][]): boolean {
    const channel = inputs[0]?.[0];
    if (channel) for (const value of this.#resampler.push(channel)) this.#add(value);
    return true;
  }

  #add(value: number): void {
    this.#frame[this.#filled++] = value;
    if (this.#filled < FRAME_SAMPLES) return;
    const frame: CaptureFrame = { pcm: floatToInt16(this.#frame), level: level(this.#frame) };
    this.port.postMessage(frame, [frame.pcm.buffer as ArrayBuffer]);
    this.#filled = 0;
  }
}

registerProcessor(CAPTURE, Capture);
