// @vitest-environment jsdom
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { App } from '../../src/voice/App';

vi.mock('../../src/voice/Workspace', () => ({ Workspace: ({ account }: { account: { user: { name: string } } }) => <p>workspace of {account.user.name}</p> }));

const ACCOUNT = { user: { id: 'u', name: 'Ana', email: '', role: 'user', profile: '' }, csrf_token: 't' };
const fetched = vi.fn<(path: string, init?: RequestInit) => Promise<Response>>();

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal('fetch', fetched);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const answers = (status: number, body: object): void => {
  fetched.mockImplementationOnce(() => Promise.resolve(new Response(JSON.stringify(body), { status })));
};
const refused = (status: number, code: string): void => answers(status, { status, code, trace_id: 'trace-7' });

async function typeCode(code: string): Promise<void> {
  await userEvent.type(await screen.findByTestId('otp'), code);
  await userEvent.click(screen.getByTestId('otp-submit'));
}

test('who is signed out sees where to sign in', async () => {
  refused(401, 'UNAUTHENTICATED');
  render(<App />);
  expect((await screen.findByTestId('signin')).getAttribute('href')).toBe('/api/v1/auth/login');
});

test('who is signed in sees the workspace', async () => {
  answers(200, ACCOUNT);
  render(<App />);
  await screen.findByText('workspace of Ana');
});

test('the second factor is asked for, and the right code opens the workspace', async () => {
  refused(401, 'MFA_REQUIRED');
  render(<App />);
  expect((await screen.findByTestId<HTMLButtonElement>('otp-submit')).disabled).toBe(true);
  answers(200, ACCOUNT);
  await typeCode('12 34a56');
  await screen.findByText('workspace of Ana');
  expect(fetched.mock.lastCall?.[1]?.body).toBe('{"code":"123456"}');
});

test('a wrong code empties the field and is said beside it', async () => {
  refused(401, 'MFA_REQUIRED');
  render(<App />);
  refused(401, 'MFA_REQUIRED');
  await typeCode('000000');
  await screen.findByText(/not accepted/);
  expect(screen.getByTestId<HTMLInputElement>('otp').value).toBe('');
  expect(document.activeElement).toBe(screen.getByTestId('otp'));
});

test('too many codes is another sentence, with its reference', async () => {
  refused(401, 'MFA_REQUIRED');
  render(<App />);
  refused(429, 'RATE_LIMITED');
  await typeCode('000000');
  await screen.findByText(/Too many requests/);
  screen.getByText(/trace-7/);
});

test('a first factor of too long ago leads back to the sign-in', async () => {
  refused(401, 'MFA_REQUIRED');
  render(<App />);
  refused(401, 'UNAUTHENTICATED');
  await typeCode('123456');
  await screen.findByTestId('signin');
});

test.each([
  ['a server in trouble', () => refused(503, 'SESSION_STORE_UNAVAILABLE'), /not available right now/],
  ['no server', () => fetched.mockImplementationOnce(() => Promise.reject(new TypeError('failed'))), /cannot be reached/],
  ['a proxy that answers in HTML', () => fetched.mockImplementationOnce(() => Promise.resolve(new Response('<h1>Bad', { status: 502 }))), /not available right now/],
])('%s is said, and can be tried again', async (_name, fails, sentence) => {
  fails();
  render(<App />);
  await screen.findByText(sentence);
  answers(200, ACCOUNT);
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await waitFor(() => screen.getByText('workspace of Ana'));
});
