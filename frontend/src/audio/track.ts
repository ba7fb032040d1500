import { FRAME_SAMPLES, WIRE_RATE, floatToInt16, level } from './pcm';
import { Resampler } from './resampler';
import type { CaptureFrame } from './worklets/messages';

/** What of the W3C's "MediaStreamTrack Insertable Media Processing" is needed here; TypeScript does not know it. */
interface TrackProcessor {
  readonly readable: ReadableStream<AudioData>;
}
type TrackProcessorMaker = new (options: { track: MediaStreamTrack; maxBufferSize: number }) => TrackProcessor;

/** A page that is busy for a second loses nothing. */
const MOST_WAITING = 100;

/** @returns null where the browser gives sound of a track only through an AudioContext. */
function processorOf(track: MediaStreamTrack): TrackProcessor | null {
  const maker = (globalThis as { MediaStreamTrackProcessor?: TrackProcessorMaker }).MediaStreamTrackProcessor;
  try {
    return maker ? new maker({ track, maxBufferSize: MOST_WAITING }) : null;
  } catch {
    return null; // some browsers have it, but not for sound, or not in a page
  }
}

/**
 * Hands on the sound of a microphone as soon as the browser has it. An AudioContext would queue it: whenever its output
 * is late by a few milliseconds that queue grows, up to a tenth of a second, and never empties again.
 *
 * @returns whether this browser can; it ends with the track.
 */
export function followTrack(track: MediaStreamTrack, hand: (samples: Float32Array, rate: number) => void): boolean {
  const processor = processorOf(track);
  if (!processor) return false;
  void follow(processor.readable.getReader(), hand);
  return true;
}

async function follow(reader: ReadableStreamDefaultReader<AudioData>, hand: (samples: Float32Array, rate: number) => void): Promise<void> {
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const samples = new Float32Array(next.value.numberOfFrames);
      next.value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      const rate = next.value.sampleRate;
      next.value.close();
      hand(samples, rate);
    }
  } catch {
    // No frame comes any more: the microphone is shown as stalled and opened again.
  }
}

/** Sound of any rate to frames of the wire, none of which waits for the next sound. */
export class Framer {
  readonly #hand: (frame: CaptureFrame) => void;
  #rate = 0;
  #resampler = new Resampler(WIRE_RATE, WIRE_RATE);

  constructor(hand: (frame: CaptureFrame) => void) {
    this.#hand = hand;
  }

  push(samples: Float32Array, rate: number): void {
    if (rate !== this.#rate) {
      this.#rate = rate;
      this.#resampler = new Resampler(rate, WIRE_RATE);
    }
    const ready = this.#resampler.push(samples);
    for (let begin = 0; begin < ready.length; begin += FRAME_SAMPLES) {
      const part = ready.subarray(begin, begin + FRAME_SAMPLES);
      this.#hand({ pcm: floatToInt16(part), level: level(part) });
    }
  }
}
