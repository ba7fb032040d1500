// @vitest-environment jsdom
import { act, cleanup, render, renderHook, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Problem } from '../../src/api/client';
import { watchForNewerBuild } from '../../src/voice/newerBuild';
import { Notices } from '../../src/voice/Notices';
import { OfflineScreen } from '../../src/voice/OfflineScreen';
import { initialState } from '../../src/voice/state';
import { Store } from '../../src/voice/store';
import { useReach } from '../../src/voice/useReach';

const fetch = vi.fn<typeof globalThis.fetch>();
const away = (): unknown => fetch.mockRejectedValue(new TypeError('no network'));
const back = (): unknown => fetch.mockResolvedValue(new Response());
const pass = (ms: number): Promise<void> => act(() => vi.advanceTimersByTimeAsync(ms).then(() => undefined));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', fetch.mockReset());
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the conversation', () => {
  test.each<[string, (store: Store) => void]>([
    ['a request that failed', (store) => store.set({ problem: new Problem('NETWORK') })],
    ['a connection that broke', (store) => store.set({ link: 'down' })],
    ['a browser without a network', () => window.dispatchEvent(new Event('offline'))],
  ])('is told to be offline after %s, until the server answers', async (_name, hint) => {
    away();
    const store = new Store();
    store.set({ link: 'up' });
    renderHook(() => useReach(store));
    act(() => hint(store));
    await pass(0);
    expect(store.get().offline).toBe(true);
    await pass(5_000);
    expect(store.get().offline).toBe(true);
    back();
    await pass(5_000);
    expect(store.get()).toMatchObject({ offline: false, problem: null });
    const asked = fetch.mock.calls.length;
    await pass(60_000);
    expect(fetch).toHaveBeenCalledTimes(asked);
  });

  test('is not offline where only a part of the service failed, and asks nobody without a reason', async () => {
    back();
    const store = new Store();
    renderHook(() => useReach(store));
    act(() => store.set({ problem: new Problem('REALTIME_UNAVAILABLE') }));
    await pass(10_000);
    expect(fetch).not.toHaveBeenCalled();
    act(() => store.set({ problem: new Problem('NETWORK') }));
    await pass(0);
    expect(store.get().offline).toBe(false);
  });

  test('that has ended asks no more', async () => {
    away();
    const store = new Store();
    const { unmount } = renderHook(() => useReach(store));
    act(() => store.set({ problem: new Problem('NETWORK') }));
    await pass(0);
    unmount();
    await pass(60_000);
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});

test('the kept page says that there is no server, and goes on when it is back', async () => {
  fetch.mockResolvedValue(new Response('', { status: 502 })); // somebody on the way answers for it
  const retry = vi.fn();
  render(<OfflineScreen onRetry={retry} />);
  expect(screen.getByRole('heading', { name: 'VoiceAssist is offline' })).toBeTruthy();
  await pass(8_000);
  expect(retry).not.toHaveBeenCalled();
  screen.getByTestId('retry').click();
  expect(retry).toHaveBeenCalledTimes(1);
  back();
  await pass(5_000);
  expect(retry).toHaveBeenCalledTimes(2);
});

describe('a newer build', () => {
  const registration = Object.assign(new EventTarget(), { waiting: null, installing: null, update: vi.fn(() => Promise.reject(new TypeError('no network'))) });
  const register = vi.fn(() => Promise.resolve(registration));
  /** A worker that waits, and says whether it has the files of this page. */
  const waiting = (same: boolean): unknown => ({ postMessage: (_files: string[], [port]: [MessagePort]) => port.postMessage(same) });
  beforeEach(() => {
    vi.useRealTimers();
    vi.stubEnv('PROD', true);
    Object.assign(registration, { waiting: null, installing: null });
    Object.defineProperty(navigator, 'serviceWorker', { configurable: true, value: { register } });
    return () => {
      vi.unstubAllEnvs();
      Reflect.deleteProperty(navigator, 'serviceWorker');
    };
  });

  test('is told, and nothing is loaded anew by itself', async () => {
    const newer = vi.fn();
    const stop = watchForNewerBuild(newer);
    await vi.waitFor(() => expect(register).toHaveBeenCalledWith('/voice/sw.js', { updateViaCache: 'none' }));
    const installing = new EventTarget();
    Object.assign(registration, { installing });
    registration.dispatchEvent(new Event('updatefound'));
    Object.assign(registration, { waiting: waiting(false) });
    installing.dispatchEvent(new Event('statechange'));
    await vi.waitFor(() => expect(newer).toHaveBeenCalledTimes(1));
    stop();
  });

  test('is not told to who has just loaded it', async () => {
    Object.assign(registration, { waiting: waiting(true) });
    const newer = vi.fn();
    const stop = watchForNewerBuild(newer);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(newer).not.toHaveBeenCalled();
    stop();
  });

  test('is not looked for where a browser forbids workers or has none', async () => {
    register.mockRejectedValueOnce(new DOMException('forbidden', 'SecurityError'));
    watchForNewerBuild(vi.fn())();
    Reflect.deleteProperty(navigator, 'serviceWorker');
    watchForNewerBuild(vi.fn())();
    await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('is a polite notice with a button', () => {
    const { rerender } = render(<Notices state={initialState} />);
    expect(screen.getByRole('status').textContent).toBe('');
    rerender(<Notices state={{ ...initialState, newer: true }} />);
    expect(screen.getByRole('status').textContent).toContain('newer version');
    expect(screen.getByRole('button', { name: 'Reload' })).toBeTruthy();
  });
});
