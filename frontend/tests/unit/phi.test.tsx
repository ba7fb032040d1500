// @vitest-environment jsdom
import { cleanup, render, screen, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { en } from '../../src/i18n/en';
import { es } from '../../src/i18n/es';
import { PhiBanner } from '../../src/voice/PhiBanner';
import { initialState, newestAnswer, reduce } from '../../src/voice/state';

afterEach(cleanup);

test('a turn with patient details says where it was answered', () => {
  const { rerender } = render(<PhiBanner phi={{ route: 'local', reason: 'identifiers' }} />);
  const status = screen.getByRole('status');
  expect(within(status).getByTestId('phi-banner').textContent).toBe(`${en.phi.identifiers} ${en.phi.local}`);
  rerender(<PhiBanner phi={{ route: 'cloud', reason: 'identifiers' }} />);
  expect(screen.getByTestId('phi-banner').dataset['route']).toBe('cloud');
  expect(screen.getByTestId('phi-banner').textContent).toContain(en.phi.cloud);
});

test('that nobody could look is said too', () => {
  render(<PhiBanner phi={{ route: 'local', reason: 'unchecked' }} />);
  expect(screen.getByTestId('phi-banner').textContent).toBe(`${en.phi.unchecked} ${en.phi.local}`);
});

test('without details there is no banner, but a place that is read out when one comes', () => {
  render(<PhiBanner phi={null} />);
  expect(screen.getByRole('status').textContent).toBe('');
});

test('the banner is that of the newest answer', () => {
  const phi = { route: 'local', reason: 'identifiers' } as const;
  const first = reduce(initialState, { type: 'turn', id: 'a', role: 'assistant', values: { phi } });
  expect(newestAnswer(first)?.phi).toEqual(phi);
  expect(newestAnswer(reduce(first, { type: 'turn', id: 'b', role: 'assistant' }))?.phi).toBeNull();
});

test('both languages have the same words', () => {
  expect(Object.keys(es.phi)).toEqual(Object.keys(en.phi));
});
