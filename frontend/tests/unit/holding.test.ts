import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FRAME_MS } from '../../src/audio/pcm';
import { Holding } from '../../src/voice/holding';
import { FakeAudio } from './fakes';

const VOICE = 0.1;
const QUIET = 0.001;
let audio: FakeAudio;
let holding: Holding;
let told: boolean[];

beforeEach(() => {
  vi.useFakeTimers();
  audio = new FakeAudio({} as never);
  told = [];
  holding = new Holding(audio, (held) => told.push(held));
  pass(QUIET, 1_000);
});
afterEach(() => {
  vi.useRealTimers();
});

/** Milliseconds of a level at the microphone while an answer sounds, or none. */
function pass(level: number, ms: number, audible = true): void {
  for (let at = 0; at < ms; at += FRAME_MS) {
    holding.frame(level, audible);
    vi.advanceTimersByTime(FRAME_MS);
  }
}

describe('the page', () => {
  test('holds an answer at the first sound of a voice, and the service decides', () => {
    pass(VOICE, 60);
    expect([audio.held, told]).toEqual([[true], [true]]);
    holding.await();
    pass(VOICE, 1_500);
    expect(audio.held).toEqual([true]);
    holding.goOn();
    expect([audio.held, told]).toEqual([[true, false], [true, false]]);
  });

  test('goes on by itself when the service never answers', () => {
    pass(VOICE, 800);
    expect(audio.held).toEqual([true]);
    pass(VOICE, 100);
    expect(audio.held).toEqual([true, false]);
  });

  test('goes on soon after what was only a noise', () => {
    pass(VOICE, 80);
    pass(QUIET, 350);
    expect(audio.held).toEqual([true, false]);
  });

  test('goes on also when no sound comes any more', () => {
    pass(VOICE, 60);
    vi.advanceTimersByTime(800);
    expect(audio.held).toEqual([true, false]);
  });

  test('holds nothing where nothing sounds', () => {
    pass(VOICE, 1_000, false);
    expect(audio.held).toEqual([]);
  });

  test('does not hold again for the same sound', () => {
    pass(VOICE, 5_000);
    expect(audio.held).toEqual([true, false]);
  });

  test('an echo of its own voice, which stops with it, does not hold it again and again', () => {
    const echo = (): void => {
      for (let at = 0; at < 1_000; at += FRAME_MS) pass(audio.held.at(-1) === true ? QUIET : VOICE, FRAME_MS);
      pass(QUIET, 100);
    };
    for (let word = 0; word < 120; word++) echo();
    expect(audio.held.filter(Boolean).length).toBeLessThanOrEqual(3); // in more than two minutes
    expect(audio.held.at(-1)).toBe(false);
  });

  test('after an echo that the service took for a voice, too, it is not fooled again', () => {
    pass(VOICE, 100);
    holding.await();
    pass(QUIET, 1_000);
    holding.goOn();
    pass(VOICE, 500);
    expect(audio.held).toEqual([true, false]);
  });

  test('a service that hears the voice late shows that the page was right', () => {
    pass(VOICE, 900);
    expect(audio.held).toEqual([true, false]);
    pass(VOICE, 200);
    holding.await();
    pass(QUIET, 500);
    holding.goOn();
    pass(VOICE, 60);
    expect(audio.held).toEqual([true, false, true, false, true]);
  });

  test('who only agreed is heard again the next time', () => {
    pass(VOICE, 400);
    holding.await();
    pass(QUIET, 500);
    holding.goOn();
    pass(VOICE, 60);
    expect(audio.held).toEqual([true, false, true]);
  });

  test('after an interruption the next answer is held as the first was', () => {
    pass(VOICE, 60);
    holding.confirmed();
    holding.forget();
    pass(QUIET, 500);
    pass(VOICE, 60);
    expect(audio.held).toEqual([true, true]);
    expect(told).toEqual([true, false, true]);
  });
});

describe('the sound before its echo is taken out', () => {
  /** The cleaned sound has nothing; the raw one has a level while as much is played. */
  function raw(level: number, ms: number, played = 0.2): void {
    for (let at = 0; at < ms; at += FRAME_MS) {
      holding.frame(QUIET, true);
      holding.raw(level, played, true);
      vi.advanceTimersByTime(FRAME_MS);
    }
  }

  test('holds an answer where echo cancellation takes the beginning of the voice away', () => {
    raw(QUIET, 4_000);
    raw(VOICE, 60);
    expect(audio.held).toEqual([true]);
  });

  test('lets it go on when the sound ended with the answer', () => {
    raw(QUIET, 4_000);
    raw(VOICE, 60);
    raw(QUIET, 350);
    expect(audio.held).toEqual([true, false]);
    raw(VOICE, 500);
    expect(audio.held).toEqual([true, false]);
  });

  test('that comes no more leaves nothing behind', () => {
    raw(QUIET, 4_000);
    raw(VOICE, 60);
    holding.forget();
    pass(QUIET, 300);
    pass(VOICE, 60);
    expect(audio.held).toEqual([true, true]);
  });
});

describe('the service', () => {
  test('holds an answer without the page', () => {
    holding.await();
    expect(audio.held).toEqual([true]);
    pass(QUIET, 1_500);
    holding.goOn();
    expect(audio.held).toEqual([true, false]);
  });

  test('that never says how it ends does not silence the answer for good', () => {
    holding.await();
    vi.advanceTimersByTime(4_000);
    expect([audio.held, told]).toEqual([[true, false], [true, false]]);
  });

  test('may hold again what the page had let go', () => {
    pass(VOICE, 900);
    holding.await();
    expect(audio.held).toEqual([true, false, true]);
  });

  test('lets go what is not held without effect', () => {
    holding.goOn();
    holding.forget();
    expect([audio.held, told]).toEqual([[], []]);
  });
});
