import { writeFileSync } from 'node:fs';

const RATE = 48_000;

/** A microphone recording for Chromium's fake device: bursts of sound with pauses, 48 kHz mono 16 bit. */
export function writeMicrophone(path: string, seconds = 20): void {
  const samples = new Int16Array(RATE * seconds);
  for (let index = 0; index < samples.length; index++) {
    const time = index / RATE;
    // 0.4 s of a voice-like buzz, 0.1 s of silence; slow swell as syllables have.
    const loud = time % 0.5 < 0.4 ? Math.sin(((time % 0.5) / 0.4) * Math.PI) : 0;
    samples[index] = 9000 * loud * (Math.sin(2 * Math.PI * 140 * time) + 0.4 * Math.sin(2 * Math.PI * 420 * time));
  }
  const data = Buffer.from(samples.buffer);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  writeFileSync(path, Buffer.concat([head, data]));
}
