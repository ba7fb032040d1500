import { expect, test } from 'vitest';
import { sentence } from '../../src/i18n';
import { en } from '../../src/i18n/en';
import { es } from '../../src/i18n/es';

test('both languages know the same problems', () => {
  expect(Object.keys(es.problems).sort()).toEqual(Object.keys(en.problems).sort());
});

test('an unknown code is said by the kind of refusal', () => {
  expect(sentence({ code: 'ROOM_BUSY', status: 503 })).toBe(en.problems['UNAVAILABLE']);
  expect(sentence({ code: 'constructor' })).toBe(en.problems['INTERNAL']);
});
