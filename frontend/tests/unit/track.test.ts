import { afterEach, expect, test, vi } from 'vitest';
import { Framer, followTrack } from '../../src/audio/track';
import type { CaptureFrame } from '../../src/audio/worklets/messages';

afterEach(() => {
  vi.unstubAllGlobals();
});

const track = {} as MediaStreamTrack;
let given = 0;

/** Sound as the browser hands it out. */
function sound(length: number, value = 0.5, sampleRate = 48_000): AudioData {
  return { numberOfFrames: length, sampleRate, copyTo: (to: Float32Array) => void to.fill(value), close: () => (given += 1) } as unknown as AudioData;
}

test('sound goes on as soon as it came, whatever its rate, and all of it', () => {
  const frames: CaptureFrame[] = [];
  const framer = new Framer((frame) => frames.push(frame));
  const tone = (index: number, rate: number): number => 0.5 * Math.sin((2 * Math.PI * 440 * index) / rate);
  for (let block = 0; block < 100; block++) {
    framer.push(
      Float32Array.from({ length: 480 }, (_, index) => tone(block * 480 + index, 48_000)),
      48_000,
    );
    expect(frames).toHaveLength(block + 1);
  }
  const whole = frames.flatMap(({ pcm }) => [...pcm]);
  expect(whole.length).toBeGreaterThan(24_000 - 32);
  const error = Math.max(...whole.slice(100).map((value, index) => Math.abs(value / 0x8000 - tone(index + 100, 24_000))));
  expect(error).toBeLessThan(0.01);
  expect(frames.at(-1)!.level).toBeCloseTo(0.5 / Math.SQRT2, 1);
});

test('a long piece becomes several frames, and another rate is taken over', () => {
  const frames: CaptureFrame[] = [];
  const framer = new Framer((frame) => frames.push(frame));
  framer.push(new Float32Array(4_800), 48_000);
  expect(frames.map(({ pcm }) => pcm.length).slice(0, -1)).toEqual(Array(9).fill(240));
  frames.length = 0;
  framer.push(new Float32Array(441), 44_100);
  expect(frames).toHaveLength(1);
});

test('a track is followed to its end, and every piece is given back', async () => {
  const pieces = [sound(480), sound(480)];
  let wanted: unknown;
  class Maker {
    readonly readable = new ReadableStream<AudioData>({
      start(controller) {
        pieces.forEach((piece) => controller.enqueue(piece));
        controller.close();
      },
    });
    constructor(options: unknown) {
      wanted = options;
    }
  }
  vi.stubGlobal('MediaStreamTrackProcessor', Maker);
  const taken: [number, number][] = [];
  expect(followTrack(track, (samples, rate) => taken.push([samples.length, rate]))).toBe(true);
  await vi.waitFor(() => expect(taken).toEqual([[480, 48_000], [480, 48_000]]));
  expect(wanted).toMatchObject({ track, maxBufferSize: 100 });
  expect(given).toBe(2);
});

test('a stream that breaks is no error of the page', async () => {
  class Maker {
    readonly readable = new ReadableStream<AudioData>({ pull: (controller) => controller.error(new Error('gone')) });
  }
  vi.stubGlobal('MediaStreamTrackProcessor', Maker);
  expect(followTrack(track, () => undefined)).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 0));
});

test('a browser that cannot do it, or not for sound, is told apart', () => {
  expect(followTrack(track, () => undefined)).toBe(false);
  vi.stubGlobal('MediaStreamTrackProcessor', function () {
    throw new TypeError('video only');
  });
  expect(followTrack(track, () => undefined)).toBe(false);
});
