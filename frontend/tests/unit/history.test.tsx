// @vitest-environment jsdom
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import HistoryDialog from '../../src/features/history/HistoryDialog';

const SUMMARY = { id: 'c1', title: 'What is sepsis?', summary: 'Antibiotics are given within one hour.', items: 2, started_at: '2026-11-29T10:00:00Z', updated_at: '2026-11-29T10:01:00Z', expires_at: '2026-12-29T10:01:00Z' };
const TURN = { interrupted: false, citations: [], notice: '', answer: null, result: null, clarification: null };
const TURNS = [
  { ...TURN, id: 'i1', seq: 1, role: 'user', text: 'What is sepsis?' },
  { ...TURN, id: 'i2', seq: 2, role: 'assistant', text: 'Sepsis is', interrupted: true, citations: [{ n: 1, document_id: 'd', chunk_id: 'c', title: 'Sepsis', section: 'Definition', page: 3, source: 'Library', year: 2026, version: null, snippet: 'x', starter: true, superseded: false }] },
];
let calls: string[];
let answers: Record<string, [number, object | null]>;
const gone = vi.fn();
const signedOut = vi.fn();

beforeEach(() => {
  // jsdom knows no modal dialogs.
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
  };
  calls = [];
  gone.mockReset();
  signedOut.mockReset();
  answers = {
    'GET /api/v1/conversations?limit=20': [200, { items: [SUMMARY, { ...SUMMARY, id: 'c2', title: '' }], next_cursor: 'c2', keep_days: 30 }],
    'GET /api/v1/conversations?limit=20&cursor=c2': [200, { items: [{ ...SUMMARY, id: 'c3', title: 'An older one' }], next_cursor: null, keep_days: 30 }],
    'GET /api/v1/conversations/c1': [200, { ...SUMMARY, turns: TURNS }],
    'POST /api/v1/conversations/search': [200, { items: [{ ...SUMMARY, snippet: '…the dose of apixaban…' }], complete: false }],
    'DELETE /api/v1/conversations/c1': [204, null],
    'DELETE /api/v1/conversations': [204, null],
  };
  vi.stubGlobal('fetch', (path: string, options: RequestInit) => {
    const call = `${options.method ?? 'GET'} ${path}`;
    calls.push(`${call} ${(options.headers as Record<string, string>)['x-csrf-token'] ?? '-'} ${typeof options.body === 'string' ? options.body : ''}`.trim());
    const [status, body] = answers[call] ?? [404, { code: 'NOT_FOUND' }];
    return Promise.resolve(new Response(body === null ? null : JSON.stringify(body), { status }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function shown(current: string | null = null): void {
  render(<HistoryDialog open csrf="token-1" current={current} onCurrentGone={gone} onSignedOut={signedOut} onClose={() => undefined} />);
}

test('lists what is kept, tells for how long, and shows more', async () => {
  shown();
  await screen.findByText('What is sepsis?');
  screen.getByText(/kept for 30 days/);
  expect(screen.getAllByText('Antibiotics are given within one hour.')).toHaveLength(2);
  screen.getByText('Without a question');
  await userEvent.click(screen.getByText('Show more'));
  await screen.findByText('An older one');
  expect(screen.queryByText('Show more')).toBeNull();
});

test('a search says what it asks in no address, shows where it was found, and that older ones were not searched', async () => {
  shown();
  await userEvent.type(await screen.findByTestId('history-query'), 'apixaban{Enter}');
  await screen.findByText('…the dose of apixaban…');
  screen.getByText('Older conversations were not searched.');
  expect(calls).toContain('POST /api/v1/conversations/search token-1 {"query":"apixaban"}');
  await userEvent.clear(screen.getByTestId('history-query'));
  await userEvent.click(screen.getByTestId('history-search'));
  await screen.findByText('Without a question');
});

test('a conversation is opened with its sources and can be taken along', async () => {
  shown();
  await userEvent.click((await screen.findAllByTestId('history-entry'))[0]!);
  await screen.findByText('Sepsis is');
  screen.getByText('Stopped here');
  screen.getByText(/\[1\] Sepsis, Definition, page 3, 2026 \(Library\)/);
  expect(['pdf', 'json', 'fhir'].map((format) => screen.getByTestId(`export-${format}`).getAttribute('href'))).toEqual(
    ['pdf', 'json', 'fhir'].map((format) => `/api/v1/conversations/c1/export?format=${format}`),
  );
  await userEvent.click(screen.getByTestId('history-back'));
  await screen.findByTestId('history-query');
});

test('deleting needs a second press, and the conversation that is open goes from the page, too', async () => {
  shown('c1');
  await userEvent.click((await screen.findAllByTestId('history-entry'))[0]!);
  const button = await screen.findByTestId('history-remove');
  await userEvent.click(button);
  expect(calls.some((call) => call.startsWith('DELETE'))).toBe(false);
  await userEvent.click(button);
  await screen.findByText('Deleted.');
  expect(calls).toContain('DELETE /api/v1/conversations/c1 token-1');
  expect(gone).toHaveBeenCalledOnce();
  expect(screen.queryByText('What is sepsis?')).toBeNull();
});

test('everything can be deleted; a press that was followed by another look does not count', async () => {
  shown();
  const button = await screen.findByTestId('history-remove-all');
  await userEvent.click(button);
  await userEvent.click(screen.getByTestId('history-query'));
  await userEvent.click(button);
  expect(calls.some((call) => call.startsWith('DELETE'))).toBe(false);
  await userEvent.click(button);
  await screen.findByText('Nothing is kept yet.');
  expect(calls).toContain('DELETE /api/v1/conversations token-1');
});

test('a failure is said, and a session that has ended leads back to the sign-in', async () => {
  answers['GET /api/v1/conversations?limit=20'] = [503, { code: 'UNAVAILABLE', trace_id: 't1' }];
  shown();
  await screen.findByText(/not available right now/);
  cleanup();
  answers['GET /api/v1/conversations?limit=20'] = [401, { code: 'UNAUTHENTICATED' }];
  shown();
  await waitFor(() => expect(signedOut).toHaveBeenCalledOnce());
});
