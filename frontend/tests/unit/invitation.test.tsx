// @vitest-environment jsdom
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { App } from '../../src/voice/App';

const fetched = vi.fn<(path: string, init?: RequestInit) => Promise<Response>>();
const answers = (status: number, body?: object): void => {
  fetched.mockImplementationOnce(() => Promise.resolve(new Response(body ? JSON.stringify(body) : null, { status })));
};

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal('fetch', fetched);
  history.replaceState(null, '', '/voice/#invitation=vi_secret');
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function fill(password: string, repeated: string): Promise<void> {
  await userEvent.type(await screen.findByTestId('username'), 'nora');
  await userEvent.type(screen.getByTestId('password'), password);
  await userEvent.type(screen.getByTestId('repeated'), repeated);
  await userEvent.click(screen.getByTestId('accept'));
}

test('an invited person registers, and the token is in no address', async () => {
  answers(200, { name: 'Nora Field', email: 'nora@hospital.example', registers: true });
  render(<App />);
  await screen.findByText(/Nora Field/);
  expect(location.href).not.toContain('vi_secret');
  answers(204);
  await fill('a long walk at 7', 'a long walk at 7');
  await screen.findByText(/account is ready/);
  expect(fetched.mock.lastCall?.[1]?.body).toBe('{"token":"vi_secret","username":"nora","password":"a long walk at 7"}');
});

test('two different passwords are not sent', async () => {
  answers(200, { name: 'Nora Field', email: 'nora@hospital.example', registers: true });
  render(<App />);
  await fill('a long walk at 7', 'a long walk at 8');
  await screen.findByText(/not the same/);
  expect(fetched).toHaveBeenCalledTimes(1);
});

test('with another issuer there is nothing to choose', async () => {
  answers(200, { name: 'Nora Field', email: 'nora@hospital.example', registers: false });
  render(<App />);
  answers(204);
  await userEvent.click(await screen.findByTestId('accept'));
  await screen.findByText(/account is ready/);
  expect(screen.queryByTestId('username')).toBeNull();
});

test('a link that is not good any more says so', async () => {
  answers(404, { code: 'NO_INVITATION' });
  render(<App />);
  await screen.findByText(/not good any more/);
});
