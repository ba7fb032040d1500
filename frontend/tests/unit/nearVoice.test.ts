import { beforeEach, expect, test } from 'vitest';
import { NearVoice } from '../../src/audio/nearVoice';
import { FRAME_MS } from '../../src/audio/pcm';

let ear: NearVoice;
beforeEach(() => {
  ear = new NearVoice();
});

/** Takes so many milliseconds of a level; whether a voice was near at any of them. */
function hear(level: number, ms: number): boolean {
  let near = false;
  for (let at = 0; at < ms; at += FRAME_MS) near = ear.take(level) || near;
  return near;
}

test('a voice is near after fifty milliseconds of it, a click is none', () => {
  hear(0.001, 1_000);
  expect(hear(0.1, 40)).toBe(false);
  expect(hear(0.001, 100)).toBe(false);
  expect(hear(0.1, 50)).toBe(true);
});

test('a consonant that stops for a moment does not begin the count anew', () => {
  hear(0.001, 1_000);
  expect(hear(0.05, 30) || hear(0.001, 30)).toBe(false);
  expect(hear(0.05, 20)).toBe(true);
});

test('what is hardly there is nobody', () => {
  expect(hear(0.009, 1_000)).toBe(false);
});

test('a fan becomes the noise of the room, and a voice is heard over it', () => {
  hear(0.02, 4_000);
  expect(hear(0.02, 100)).toBe(false);
  expect(hear(0.15, 50)).toBe(true);
});

test('what fooled it has to be louder by 6 dB, and that is forgotten', () => {
  hear(0.001, 500);
  expect(hear(0.05, 60)).toBe(true);
  ear.fooled();
  hear(0.001, 1_000);
  expect(hear(0.06, 200)).toBe(false);
  hear(0.001, 200);
  expect(hear(0.15, 60)).toBe(true);
  hear(0.001, 60_000);
  expect(hear(0.05, 60)).toBe(true);
});

test('fooled again it forgets more slowly, and a voice that was one ends that', () => {
  hear(0.001, 500);
  for (let time = 0; time < 3; time++) {
    hear(0.1, 60);
    ear.fooled();
    hear(0.001, 200);
  }
  hear(0.001, 60_000);
  expect(hear(0.1, 100)).toBe(false);
  ear.right();
  hear(0.001, 200);
  expect(hear(0.1, 60)).toBe(true);
});

/** The same while something is played of which `echo` comes back, with what somebody says beside it. */
function hearOver(played: number, echo: number, voice: number, ms: number, learns = true): boolean {
  let near = false;
  for (let at = 0; at < ms; at += FRAME_MS) {
    const loud = played * (0.55 + 0.45 * Math.sin(at / 30)); // a loudness that changes, of which the loudest is told
    near = ear.take(Math.hypot(loud * echo, voice), played, learns) || near;
  }
  return near;
}

test('an echo as loud as a voice is none, however long it lasts', () => {
  expect(hearOver(0.2, 1, 0, 20_000)).toBe(false);
  expect(hearOver(0.2, 1.5, 0, 20_000)).toBe(false);
});

test('over a headset, where nothing comes back, a voice is heard after some seconds of an answer', () => {
  expect(hearOver(0.2, 0, 0.1, 60)).toBe(false); // nothing is known of the room yet
  hearOver(0.2, 0.001, 0, 3_000);
  expect(hearOver(0.2, 0.001, 0.1, 60)).toBe(true);
});

test('who shouts over an echo is heard', () => {
  hearOver(0.1, 0.5, 0, 10_000);
  expect(hearOver(0.1, 0.5, 0.3, 100)).toBe(true);
});

test('a voice that goes on is not learned as an echo', () => {
  hearOver(0.2, 0.001, 0, 3_000);
  hearOver(0.2, 0.001, 0.2, 2_000, false);
  hearOver(0.2, 0.001, 0, 500);
  expect(hearOver(0.2, 0.001, 0.1, 60)).toBe(true);
});

test('a headset that is put down is noticed within a second', () => {
  hearOver(0.2, 0.001, 0, 10_000);
  hearOver(0.2, 0.8, 0, 2_000);
  expect(hearOver(0.2, 0.8, 0, 5_000)).toBe(false);
});
