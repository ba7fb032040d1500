// @vitest-environment jsdom
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { en } from '../../src/i18n/en';
import { es } from '../../src/i18n/es';
import { Notices } from '../../src/voice/Notices';
import type { Session } from '../../src/voice/session';
import { initialState } from '../../src/voice/state';
import { StateLine } from '../../src/voice/StateLine';

afterEach(cleanup);
const session = { onCounts: () => () => undefined } as unknown as Session;
const line = (tool: string | null) => <StateLine phase="thinking" handsFree={false} holding={false} tool={tool} session={session} />;

test('a tool that works is read out in place of the hint, and silence follows its end', () => {
  const { rerender } = render(line(null));
  const told = screen.getByTestId('tool');
  expect(told.getAttribute('role')).toBe('status');
  expect(told.textContent).toBe('');
  rerender(line('search_knowledge'));
  expect(screen.getByTestId('tool')).toBe(told); // a region that is made with its words is not read out
  expect(told.textContent).toBe(en.tools['search_knowledge']);
  expect(screen.queryByText(en.talk.hintHold)).toBeNull();
  rerender(line('constructor')); // of a service that is newer than this page
  expect(told.textContent).toBe(en.toolUnknown);
  rerender(line(null));
  expect(told.textContent).toBe('');
});

test('a lost model is told for as long as it is lost', () => {
  const { rerender } = render(<Notices state={{ ...initialState, fallback: true }} />);
  expect(screen.getByRole('status').textContent).toBe(en.fallback);
  rerender(<Notices state={initialState} />);
  expect(screen.getByRole('status').textContent).toBe('');
});

test('both languages name the same tools', () => {
  expect(Object.keys(es.tools)).toEqual(Object.keys(en.tools));
});
