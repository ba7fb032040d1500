// @vitest-environment jsdom
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import AccountDialog from '../../src/features/account/AccountDialog';

const ACCOUNT = { user: { id: 'u', name: 'Ana', email: '', role: 'user' as const, profile: '' }, csrf: 'old' };
const FACTORS = { authenticator_since: '2026-11-20T08:00:00Z', passkeys: [{ id: 'p1', name: 'Ward key', synced: false, last_used_at: null }], recovery_codes_left: 7 };
const SIGN_INS = { items: [{ id: 's2', device: 'Firefox on Mac', last_used_at: '2026-11-29T08:00:00Z', current: false }] };

type Answer = [status: number, body?: object];
const calls: string[] = [];
let replies: Record<string, Answer[]>;
const renewed = vi.fn();

beforeEach(() => {
  calls.length = 0;
  renewed.mockReset();
  replies = {};
  HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
    this.open = false;
  };
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => {
    const call = `${init?.method ?? 'GET'} ${path.replace('/api/v1/auth', '')}`;
    calls.push(`${call} ${new Headers(init?.headers).get('x-csrf-token') ?? '-'} ${typeof init?.body === 'string' ? init.body : ''}`.trim());
    const [status, body] = replies[call]?.shift() ?? (call === 'GET /mfa' ? [200, FACTORS] : call === 'GET /sessions' ? [200, SIGN_INS] : [204]);
    return Promise.resolve(new Response(body ? JSON.stringify(body) : null, { status }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const show = (): void => {
  render(<AccountDialog open account={ACCOUNT} onRenewed={renewed} onSignedOut={() => undefined} onClose={() => undefined} />);
};

test('factors and sign-ins are listed', async () => {
  show();
  await screen.findByText('Ward key');
  screen.getByText('7 recovery codes are left.');
  screen.getByText('Firefox on Mac');
});

test('a stale factor is asked for, and what was wanted goes on under the new token', async () => {
  replies = {
    'POST /mfa/recovery-codes': [
      [401, { code: 'STEP_UP_REQUIRED' }],
      [201, { recovery_codes: ['k7xm-3fq2-9wpt-hb4n'] }],
    ],
    'POST /mfa/step-up': [[200, { csrf_token: 'new', seconds: 300 }]],
  };
  show();
  await userEvent.click(await screen.findByTestId('codes-new'));
  await userEvent.type(await screen.findByTestId('otp'), '123456');
  await userEvent.click(screen.getByTestId('otp-submit'));
  await screen.findByText('k7xm-3fq2-9wpt-hb4n');
  expect(renewed).toHaveBeenCalledWith('new');
  expect(calls).toContain('POST /mfa/step-up old {"code":"123456"}');
  expect(calls).toContain('POST /mfa/recovery-codes new');
});

test('a wrong proof is said, and nothing goes on', async () => {
  replies = { 'POST /mfa/recovery-codes': [[401, { code: 'STEP_UP_REQUIRED' }]], 'POST /mfa/step-up': [[401, { code: 'MFA_REQUIRED' }]] };
  show();
  await userEvent.click(await screen.findByTestId('codes-new'));
  await userEvent.type(await screen.findByTestId('otp'), '123456');
  await userEvent.click(screen.getByTestId('otp-submit'));
  await screen.findByText(/not accepted/);
  expect(calls.filter((call) => call.startsWith('POST /mfa/recovery-codes'))).toHaveLength(1);
});

test('a passkey is renamed and removed', async () => {
  show();
  await userEvent.click(await screen.findByRole('button', { name: 'Rename Ward key' }));
  await userEvent.clear(screen.getByTestId('passkey-name-field'));
  await userEvent.type(screen.getByTestId('passkey-name-field'), 'Blue key');
  await userEvent.click(screen.getByTestId('passkey-name'));
  await waitFor(() => expect(calls).toContain('PATCH /mfa/passkeys/p1 old {"name":"Blue key"}'));
  await userEvent.click(await screen.findByTestId('passkey-remove'));
  await waitFor(() => expect(calls).toContain('DELETE /mfa/passkeys/p1 old'));
});

test('the only factor stays, and why is said', async () => {
  replies = { 'DELETE /mfa/totp': [[409, { code: 'LAST_FACTOR' }]] };
  show();
  await userEvent.click(await screen.findByTestId('authenticator-remove'));
  await screen.findByText(/only second factor/);
});

test('another sign-in is ended', async () => {
  show();
  await userEvent.click(await screen.findByRole('button', { name: 'Sign out Firefox on Mac' }));
  await waitFor(() => expect(calls).toContain('DELETE /sessions/s2 old'));
});
