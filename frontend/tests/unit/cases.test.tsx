// @vitest-environment jsdom
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import CasePanel from '../../src/features/cases/CasePanel';
import CasesDialog from '../../src/features/cases/CasesDialog';

const CASE = { id: 'k1', title: 'Bed 12', rounds: false, updated_at: '2026-11-29T10:00:00Z', expires_at: '2026-12-29T10:00:00Z' };
const FACT = { id: 'f1', kind: 'lab', text: 'creatinine 1.4 mg/dL', at: null, told_at: '2026-11-29T10:00:00Z' };
const SENTENCES = [
  { id: 'a1', text: '65-year-old man.', origin: { kind: 'fact' }, edited: false },
  { id: 'a2', text: 'Anticoagulation is recommended [1].', origin: { kind: 'answer' }, edited: false },
];
const NOTE = {
  id: 'n1', title: 'Bed 12', state: 'draft', case_id: 'k1', created_at: '2026-11-29T10:00:00Z', expires_at: '2026-11-30T10:00:00Z', revision: 1,
  sections: [{ name: 'assessment', sentences: SENTENCES }, { name: 'plan', sentences: [] }],
  sources: [{ n: 1, title: 'Atrial fibrillation', section: 'Stroke', year: 2024, source: 'Library' }],
  watermark: 'AI-assisted draft', signed_by: null, signed_at: null,
}; // prettier-ignore
let calls: string[];
let answers: Record<string, [number, object | null]>;
const used = vi.fn();
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
  used.mockReset();
  signedOut.mockReset();
  answers = {
    'GET /api/v1/cases?limit=200': [200, { items: [CASE] }],
    'GET /api/v1/notes?limit=50': [200, { items: [] }],
    'GET /api/v1/rounds': [200, { seconds_left: 0 }],
    'POST /api/v1/rounds': [200, { seconds_left: 14_400 }],
    'DELETE /api/v1/rounds': [204, null],
    'POST /api/v1/cases': [201, { ...CASE, id: 'k2', title: 'Bed 13', facts: [] }],
    'GET /api/v1/cases/k1': [200, { ...CASE, facts: [FACT] }],
    'DELETE /api/v1/cases/k1': [204, null],
    'POST /api/v1/cases/k1/facts': [201, { ...CASE, facts: [{ ...FACT, id: 'f2', kind: 'problem', text: 'hypertension' }, FACT] }],
    'DELETE /api/v1/cases/k1/facts/f1': [204, null],
    'POST /api/v1/notes': [201, NOTE],
    'PUT /api/v1/notes/n1': [200, { ...NOTE, revision: 2 }],
    'POST /api/v1/notes/n1/sign': [200, { ...NOTE, state: 'signed', revision: 3, watermark: null, signed_by: 'Dr. Ruiz', signed_at: '2026-11-29T11:00:00Z' }],
  };
  vi.stubGlobal('fetch', (path: string, options: RequestInit) => {
    const call = `${options.method ?? 'GET'} ${path}`;
    calls.push(`${call} ${typeof options.body === 'string' ? options.body : ''}`.trim());
    const [status, body] = answers[call] ?? [404, { code: 'NOT_FOUND' }];
    return Promise.resolve(new Response(body === null ? null : JSON.stringify(body), { status }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

interface Shown {
  current?: string | null;
  signs?: boolean;
}

function shown({ current = null, signs = true }: Shown = {}): void {
  render(<CasesDialog open csrf="token-1" signs={signs} conversation="c1" current={current} onUse={used} onSignedOut={signedOut} onClose={() => undefined} />);
}

const press = async (name: string): Promise<void> => userEvent.click(await screen.findByTestId(name));

async function drafted(options: Shown = {}): Promise<void> {
  shown(options);
  await press('case-entry');
  await press('draft-ap');
  await screen.findByTestId('note');
}

test('a case is made with who the patient is, and talked about in a new conversation', async () => {
  shown();
  await userEvent.type(await screen.findByTestId('case-title'), 'Bed 13');
  await userEvent.type(screen.getByTestId('case-person'), '65-year-old man{Enter}');
  await press('case-use');
  expect(calls).toContain('POST /api/v1/cases {"title":"Bed 13","rounds":false,"facts":[{"kind":"person","text":"65-year-old man"}]}');
  expect(used).toHaveBeenCalledWith('k2');
});

test('facts are added and erased; what the server has is what is shown', async () => {
  shown();
  await press('case-entry');
  await screen.findByText('creatinine 1.4 mg/dL');
  await userEvent.selectOptions(screen.getByTestId('fact-kind'), 'problem');
  await userEvent.type(screen.getByTestId('fact-text'), 'hypertension{Enter}');
  await screen.findByText('hypertension');
  expect(calls).toContain('POST /api/v1/cases/k1/facts {"facts":[{"kind":"problem","text":"hypertension"}]}');
  answers['GET /api/v1/cases/k1'] = [200, { ...CASE, facts: [] }];
  await userEvent.click(screen.getByRole('button', { name: 'Erase: creatinine 1.4 mg/dL' }));
  await screen.findByText('Nothing yet.');
  expect(calls).toContain('DELETE /api/v1/cases/k1/facts/f1');
});

test('rounds are started with their time, and end with the case that is talked about', async () => {
  shown({ current: 'k1' });
  await screen.findByTestId('rounds-start');
  answers['GET /api/v1/rounds'] = [200, { seconds_left: 14_280 }];
  answers['GET /api/v1/cases?limit=200'] = [200, { items: [{ ...CASE, rounds: true }] }];
  await press('rounds-start');
  await screen.findByText('Rounds are under way: 3 h 58 min left.');
  screen.getByText('It belongs to the rounds and ends with them.');
  answers['GET /api/v1/rounds'] = [200, { seconds_left: 0 }];
  answers['GET /api/v1/cases?limit=200'] = [200, { items: [] }];
  await press('rounds-end');
  await screen.findByTestId('cases-none');
  expect(used).toHaveBeenCalledWith(null);
});

test('deleting the case that is talked about needs two presses and ends it in the page', async () => {
  shown({ current: 'k1' });
  await press('case-entry');
  await press('case-remove');
  expect(used).not.toHaveBeenCalled();
  await press('case-remove');
  await waitFor(() => expect(used).toHaveBeenCalledWith(null));
});

test('a note of the conversation about the case shows its watermark and where each sentence comes from', async () => {
  await drafted({ current: 'k1' });
  expect(calls).toContain('POST /api/v1/notes {"format":"ap","conversation_id":"c1"}');
  expect(screen.getByTestId('note-watermark').textContent).toContain('AI-assisted draft');
  screen.getByText('from the case');
  screen.getByText('quoted from an answer');
  screen.getByText('[1] Atrial fibrillation, Stroke, 2024 (Library)');
});

test('changes are saved before a note is signed, by the revision that was read, and it is then only read', async () => {
  await drafted();
  expect(calls).toContain('POST /api/v1/notes {"format":"ap","case_id":"k1"}');
  const [first] = screen.getAllByTestId('note-sentence');
  await userEvent.type(first!, ' Stable.');
  screen.getByText('from the case, edited');
  await press('note-sign');
  expect(calls.some((call) => call.includes('/sign'))).toBe(false);
  await press('note-sign');
  await screen.findByTestId('note-signed');
  expect(calls.at(-2)).toContain('PUT /api/v1/notes/n1 {"revision":1,"sections":[{"name":"assessment","sentences":[{"id":"a1","text":"65-year-old man. Stable."}');
  expect(calls.at(-1)).toBe('POST /api/v1/notes/n1/sign {"revision":2}');
  expect(screen.queryByTestId('note-watermark')).toBeNull();
  expect(screen.queryByTestId('note-sentence')).toBeNull();
  expect(screen.getByTestId('note-pdf').getAttribute('href')).toBe('/api/v1/notes/n1/export?format=pdf');
});

test('who is no physician is offered neither to sign nor to export', async () => {
  await drafted({ signs: false });
  expect(screen.queryByTestId('note-sign')).toBeNull();
  expect(screen.queryByTestId('note-pdf')).toBeNull();
  screen.getByText('A physician signs and exports notes.');
});

test('a refusal is a sentence, and a session that has ended leads back to the sign-in', async () => {
  answers['POST /api/v1/notes'] = [422, { code: 'NEEDS_INPUT' }];
  shown();
  await press('case-entry');
  await press('draft-soap');
  await screen.findByText('There is nothing yet that a note could be drafted from.');
  answers['POST /api/v1/notes'] = [401, { code: 'UNAUTHENTICATED' }];
  await press('draft-soap');
  await waitFor(() => expect(signedOut).toHaveBeenCalledOnce());
});

test('beside the conversation stands what is known, and that a case is gone', async () => {
  const { rerender } = render(<CasePanel caseId="k1" seen={0} onOpen={() => undefined} />);
  await screen.findByText('creatinine 1.4 mg/dL');
  answers['GET /api/v1/cases/k1'] = [404, { code: 'NOT_FOUND' }];
  rerender(<CasePanel caseId="k1" seen={1} onOpen={() => undefined} />);
  await screen.findByText(/has expired or was deleted/);
  expect(screen.queryByText('creatinine 1.4 mg/dL')).toBeNull();
});
