import { beforeEach, expect, test } from 'vitest';
import { Answers } from '../../src/voice/answers';

let answers: Answers;
beforeEach(() => {
  answers = new Answers();
});

test('an answer belongs to the generation in which it began', () => {
  answers.created('r1');
  const first = answers.generation('r1');
  const next = answers.interrupt();
  expect(next).toBeGreaterThan(first);
  expect(answers.live('r1')).toBe(false);
  answers.created('r2');
  expect(answers.generation('r2')).toBe(next);
  expect(answers.live('r2')).toBe(true);
});

test('an answer interrupted before it was announced is unwanted, the next one is not', () => {
  answers.ask();
  answers.interrupt();
  answers.ask();
  expect(answers.created('late')).toBe(false);
  expect(answers.live('late')).toBe(false);
  expect(answers.created('wanted')).toBe(true);
});

test('a refused request leaves nothing to be discarded', () => {
  const id = answers.ask();
  answers.interrupt();
  expect(answers.refused(id)).toBe(true);
  expect(answers.refused(id)).toBe(false);
  expect(answers.refused(null)).toBe(false);
  expect(answers.created('r')).toBe(true);
});

test('remembers audio that was never marked as complete', () => {
  answers.opened('r', 'i');
  answers.opened('r', 'j');
  answers.closed('i');
  expect(answers.unfinished('r')).toEqual(['j']);
  answers.reset();
  expect(answers.unfinished('r')).toEqual([]);
});
