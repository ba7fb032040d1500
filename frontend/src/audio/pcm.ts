/** Sample rate of the wire in Hz: 16-bit little-endian mono, as the Realtime protocol fixes it. */
export const WIRE_RATE = 24_000;

/** One frame on the wire; what is said waits for its frame to be full. */
export const FRAME_MS = 10;
export const FRAME_SAMPLES = (WIRE_RATE * FRAME_MS) / 1000;

export function floatToInt16(samples: Float32Array): Int16Array {
  const output = new Int16Array(samples.length);
  samples.forEach((value, index) => {
    const limited = Math.max(-1, Math.min(1, value));
    output[index] = Math.round(limited * (limited < 0 ? 0x8000 : 0x7fff));
  });
  return output;
}

export function int16ToFloat(samples: Int16Array): Float32Array {
  return Float32Array.from(samples, (value) => value / 0x8000);
}

/** Root mean square of a frame, 0 to 1. */
export function level(samples: Float32Array): number {
  let sum = 0;
  for (const value of samples) sum += value * value;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}

export function toBase64(samples: Int16Array): string {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** @throws {Error} when the text is not base64 or holds half a sample. */
export function fromBase64(text: string): Int16Array {
  const binary = atob(text);
  if (binary.length % 2 !== 0) throw new Error('half a sample');
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return new Int16Array(bytes.buffer);
}
