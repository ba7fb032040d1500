import { expect, test } from 'vitest';
import { floatToInt16, fromBase64, int16ToFloat, level, toBase64 } from '../../src/audio/pcm';

test('full scale survives, beyond it is limited', () => {
  expect([...floatToInt16(Float32Array.of(-1, 0, 1, -2, 2))]).toEqual([-32768, 0, 32767, -32768, 32767]);
  expect(int16ToFloat(Int16Array.of(-32768, 0))).toEqual(Float32Array.of(-1, 0));
});

test('base64 carries little-endian samples there and back', () => {
  const samples = Int16Array.of(0, 1, -1, 32767, -32768);
  expect(toBase64(Int16Array.of(1))).toBe('AQA=');
  expect(fromBase64(toBase64(samples))).toEqual(samples);
});

test('half a sample and no base64 are refused', () => {
  expect(() => fromBase64(btoa('abc'))).toThrow();
  expect(() => fromBase64('*')).toThrow();
});

test('level is the root mean square', () => {
  expect(level(Float32Array.of(0.5, -0.5))).toBeCloseTo(0.5);
  expect(level(new Float32Array(0))).toBe(0);
});
