// @vitest-environment jsdom
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Offered } from '../../src/api/factors';
import { App } from '../../src/voice/App';

vi.mock('../../src/voice/Workspace', () => ({ Workspace: ({ account }: { account: { user: { name: string } } }) => <p>workspace of {account.user.name}</p> }));

const ACCOUNT = { user: { id: 'u', name: 'Ana', email: '', role: 'user', profile: '' }, csrf_token: 't' };
let offered: Offered;
const fetched = vi.fn<(path: string, init?: RequestInit) => Promise<Response>>();

beforeEach(() => {
  fetched.mockReset();
  offered = { code: true, passkey: false, recovery_code: true, enrol: false };
  // What the begun sign-in offers is asked for between the two calls that these tests are about.
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) =>
    path === '/api/v1/auth/mfa/challenge' ? Promise.resolve(new Response(JSON.stringify(offered))) : fetched(path, init),
  );
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

test('a page that came without a cookie is not refused first', async () => {
  document.head.innerHTML = '<meta name="session" content="none" />';
  render(<App />);
  await screen.findByTestId('signin');
  expect(fetched).not.toHaveBeenCalled();
  expect(document.querySelector('meta[name=session]')).toBeNull();
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

test('a recovery code is another way in, and a wrong one is said as such', async () => {
  refused(401, 'MFA_REQUIRED');
  render(<App />);
  await userEvent.click(await screen.findByTestId('use-recovery'));
  expect(document.activeElement).toBe(screen.getByTestId('recovery'));
  refused(401, 'MFA_REQUIRED');
  await userEvent.type(screen.getByTestId('recovery'), 'k7xm-3fq2-9wpt-hb4n');
  await userEvent.click(screen.getByTestId('otp-submit'));
  await screen.findByText(/Each works once/);
  answers(200, ACCOUNT);
  await userEvent.type(screen.getByTestId('recovery'), 'k7xm-3fq2-9wpt-hb4p');
  await userEvent.click(screen.getByTestId('otp-submit'));
  await screen.findByText('workspace of Ana');
  expect(fetched.mock.lastCall?.[1]?.body).toBe('{"recovery_code":"k7xm-3fq2-9wpt-hb4p"}');
});

test('a passkey is shown by the authenticator and sent as it answers', async () => {
  offered.passkey = true;
  const get = vi.fn(() => Promise.resolve({ toJSON: () => ({ id: 'abc' }) }));
  vi.stubGlobal('PublicKeyCredential', { parseRequestOptionsFromJSON: (options: object) => ({ parsed: options }) });
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator) as Navigator, { credentials: { get } }));
  refused(401, 'MFA_REQUIRED');
  render(<App />);
  answers(200, { challenge: 'xyz' });
  answers(200, ACCOUNT);
  await userEvent.click(await screen.findByTestId('use-passkey'));
  await screen.findByText('workspace of Ana');
  expect(get).toHaveBeenCalledWith({ publicKey: { parsed: { challenge: 'xyz' } } });
  expect(fetched.mock.lastCall?.[1]?.body).toBe('{"passkey":{"id":"abc"}}');
});

test('a cancelled passkey leaves the other ways', async () => {
  offered.passkey = true;
  vi.stubGlobal('PublicKeyCredential', { parseRequestOptionsFromJSON: (options: object) => options });
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator) as Navigator, { credentials: { get: () => Promise.reject(new DOMException('', 'NotAllowedError')) } }));
  refused(401, 'MFA_REQUIRED');
  render(<App />);
  answers(200, { challenge: 'xyz' });
  await userEvent.click(await screen.findByTestId('use-passkey'));
  await screen.findByText(/No passkey was shown/);
  screen.getByTestId('otp');
});

test('who has no second factor sets one up, and sees the recovery codes once', async () => {
  offered = { code: false, passkey: false, recovery_code: false, enrol: true };
  refused(401, 'MFA_REQUIRED');
  render(<App />);
  answers(200, { secret: 'ABCDEFGH', uri: 'otpauth://totp/x', qr: 'M0 0h1v1h-1z', size: 21 });
  await userEvent.click(await screen.findByTestId('enrol-app'));
  expect((await screen.findByTestId('totp-secret')).textContent).toBe('ABCD EFGH');
  answers(200, { recovery_codes: ['k7xm-3fq2-9wpt-hb4n'], session: ACCOUNT });
  await typeCode('123456');
  await screen.findByText('k7xm-3fq2-9wpt-hb4n');
  await userEvent.click(screen.getByTestId('codes-kept'));
  await screen.findByText('workspace of Ana');
  expect(screen.queryByText('k7xm-3fq2-9wpt-hb4n')).toBeNull();
});
