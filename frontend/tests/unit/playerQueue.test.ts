import { beforeEach, expect, test } from 'vitest';
import { PlayerQueue } from '../../src/audio/playerQueue';

let queue: PlayerQueue;
beforeEach(() => {
  queue = new PlayerQueue(4);
});

const ones = (length: number): Float32Array => new Float32Array(length).fill(1);
const chunk = (generation: number, item: string, length: number) => ({ generation, item, samples: ones(length) });

function read(length: number): Float32Array {
  const output = new Float32Array(length).fill(9);
  queue.read(output);
  return output;
}

test('counts what was really handed out, per item and over all', () => {
  queue.push(chunk(1, 'a', 10));
  queue.push(chunk(1, 'b', 10));
  read(8);
  expect(queue.position()).toEqual({ item: 'a', samples: 8 });
  read(8);
  expect(queue.position()).toEqual({ item: 'b', samples: 6 });
  expect(queue.total).toBe(16);
});

test('an empty queue is silence and counts nothing', () => {
  queue.push(chunk(1, 'a', 2));
  expect([...read(4)]).toEqual([1, 1, 0, 0]);
  expect([...read(2)]).toEqual([0, 0]);
  expect(queue.total).toBe(2);
});

test('clear answers the heard position, fades and drops the rest', () => {
  queue.push(chunk(1, 'a', 100));
  read(10);
  expect(queue.clear(2)).toEqual({ item: 'a', samples: 10 });
  const tail = read(8);
  expect([...tail.subarray(0, 4)]).toEqual([0.75, 0.5, 0.25, 0]);
  expect([...tail.subarray(4)]).toEqual([0, 0, 0, 0]);
  expect(queue.total).toBe(10);
  expect(queue.empty).toBe(true);
});

test('clear before the first sample is silent and says that nothing was heard', () => {
  queue.push(chunk(1, 'a', 100));
  expect(queue.clear(2)).toEqual({ item: 'a', samples: 0 });
  expect([...read(4)]).toEqual([0, 0, 0, 0]);
  expect(queue.clear(3)).toBeNull();
});

test('chunks of an interrupted answer never play', () => {
  queue.push(chunk(1, 'a', 10));
  queue.clear(2);
  expect(queue.push(chunk(1, 'a', 10))).toBe(false);
  expect(queue.stale).toBe(1);
  expect(queue.empty).toBe(true);
  expect(queue.push(chunk(2, 'b', 10))).toBe(true);
  read(4);
  expect(queue.position()).toEqual({ item: 'b', samples: 4 });
});

test('an older clear does not let a newer generation out of force', () => {
  queue.clear(5);
  queue.clear(3);
  expect(queue.push(chunk(4, 'a', 1))).toBe(false);
});

test('an item is finished when it ended and its last sample was handed out, once', () => {
  queue.push(chunk(1, 'a', 6));
  queue.end('a');
  read(4);
  expect(queue.takeFinished()).toEqual([]);
  read(4);
  expect(queue.takeFinished()).toEqual([{ item: 'a', samples: 6 }]);
  expect(queue.takeFinished()).toEqual([]);
});

test('a pause between chunks is not the end', () => {
  queue.push(chunk(1, 'a', 2));
  read(4);
  expect(queue.takeFinished()).toEqual([]);
  queue.push(chunk(1, 'a', 2));
  read(1);
  expect(queue.position()).toEqual({ item: 'a', samples: 3 });
});

test('what is held is silent after a fade, loses nothing and goes on where it was', () => {
  queue.push(chunk(1, 'a', 100));
  read(10);
  queue.hold(true);
  queue.hold(true);
  expect([...read(6)]).toEqual([0.75, 0.5, 0.25, 0, 0, 0]);
  queue.push(chunk(1, 'a', 20));
  expect([...read(2)]).toEqual([0, 0]);
  expect(queue.position()).toEqual({ item: 'a', samples: 10 });
  queue.hold(false);
  expect([...read(2)]).toEqual([1, 1]);
  expect(queue.position()).toEqual({ item: 'a', samples: 12 });
});

test('an interruption of what is held ends it, and the next answer is heard', () => {
  queue.push(chunk(1, 'a', 100));
  read(10);
  queue.hold(true);
  read(8);
  expect(queue.clear(2)).toEqual({ item: 'a', samples: 10 });
  queue.push(chunk(2, 'b', 4));
  expect([...read(4)]).toEqual([1, 1, 1, 1]);
});

test('nothing is held before its first sample with a click', () => {
  queue.push(chunk(1, 'a', 100));
  queue.hold(true);
  expect([...read(4)]).toEqual([0, 0, 0, 0]);
});

test('what plays is said again from a place of it, over chunks, and its count goes back', () => {
  for (const value of [0.1, 0.2, 0.3]) queue.push({ generation: 1, item: 'a', samples: new Float32Array(10).fill(value) });
  read(25);
  queue.hold(true);
  queue.rewind('a', 8);
  queue.hold(false);
  expect(queue.position()).toEqual({ item: 'a', samples: 8 });
  const again = [...read(8)].slice(-4).map((value) => Number(value.toFixed(1)));
  expect(again).toEqual([0.1, 0.1, 0.2, 0.2]);
});

test('nothing is said again of what does not play, or was not reached', () => {
  queue.push(chunk(1, 'a', 20));
  read(10);
  queue.rewind('b', 2);
  queue.rewind('a', 12);
  queue.rewind('a', -1);
  expect(queue.position()).toEqual({ item: 'a', samples: 10 });
});
