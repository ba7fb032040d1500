import { describe, expect, test } from 'vitest';
import { Resampler } from '../../src/audio/resampler';

function sine(frequency: number, rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, index) => Math.sin((2 * Math.PI * frequency * index) / rate));
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
}

function resample(input: Float32Array, from: number, to: number, block: number): Float32Array {
  const resampler = new Resampler(from, to);
  const parts: number[] = [];
  for (let start = 0; start < input.length; start += block) parts.push(...resampler.push(input.subarray(start, start + block)));
  parts.push(...resampler.flush());
  return Float32Array.from(parts);
}

describe.each([
  [48_000, 24_000],
  [44_100, 24_000],
  [24_000, 48_000],
  [24_000, 44_100],
  [24_000, 24_000],
])('%i Hz to %i Hz', (from, to) => {
  test('keeps length, pitch, level and phase, whatever the block size', () => {
    const output = resample(sine(440, from, 0.5), from, to, 128);
    expect(Math.abs(output.length - to / 2)).toBeLessThanOrEqual(1);
    const wanted = sine(440, to, 0.5);
    // The ends lack half a kernel of neighbours.
    for (let index = 200; index < output.length - 200; index++) expect(output[index]).toBeCloseTo(wanted[index]!, 2);
  });

  test('blocks make no difference', () => {
    const input = sine(1_000, from, 0.1);
    const small = resample(input, from, to, 37);
    const large = resample(input, from, to, input.length);
    expect(small.length).toBe(large.length);
    small.forEach((value, index) => expect(value).toBeCloseTo(large[index]!, 4));
  });
});

test('what the lower rate cannot carry is removed and not folded back', () => {
  const output = resample(sine(17_000, 48_000, 0.2), 48_000, 24_000, 128);
  expect(rms(output.subarray(100, -100))).toBeLessThan(0.01);
});

test('a constant stays a constant', () => {
  const output = resample(new Float32Array(4_000).fill(0.5), 44_100, 24_000, 128);
  output.subarray(100, -100).forEach((value) => expect(value).toBeCloseTo(0.5, 3));
});
