// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, renderHook, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Store } from '../../src/voice/store';
import { useIdleLock } from '../../src/voice/useIdleLock';
import { useKeys } from '../../src/voice/useKeys';

const MINUTE = 60_000;
afterEach(cleanup);

describe('the idle lock', () => {
  let store: Store;
  const lock = vi.fn();
  beforeEach(() => {
    vi.useFakeTimers();
    lock.mockReset();
    store = new Store();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const pass = (ms: number): void => act(() => void vi.advanceTimersByTime(ms));

  test('warns in the last minute and then locks', () => {
    const { result } = renderHook(() => useIdleLock(store, lock));
    pass(9 * MINUTE - 1_000);
    expect(result.current).toBe(false);
    pass(1_000);
    expect(result.current).toBe(true);
    expect(lock).not.toHaveBeenCalled();
    pass(MINUTE);
    expect(lock).toHaveBeenCalled();
  });

  test.each([
    ['a key', () => fireEvent.keyDown(window, { key: 'a' })],
    ['a press', () => fireEvent.pointerDown(window)],
    ['a word', () => act(() => store.set({ hearing: true }))],
  ])('%s counts as use', (_name, use) => {
    const { result } = renderHook(() => useIdleLock(store, lock));
    pass(9 * MINUTE);
    use();
    pass(1_000);
    expect(result.current).toBe(false);
    pass(8 * MINUTE);
    expect(lock).not.toHaveBeenCalled();
  });
});

describe('the keys', () => {
  const keys = { talkStart: vi.fn(), talkEnd: vi.fn(), mute: vi.fn(), interrupt: vi.fn(), toggleHandsFree: vi.fn() };
  beforeEach(() => {
    Object.values(keys).forEach((key) => key.mockReset());
  });
  function Page() {
    useKeys(keys);
    return (
      <>
        <input aria-label="box" />
        <button type="button">other</button>
        <button type="button" data-talk>
          talk
        </button>
      </>
    );
  }
  const space = { code: 'Space', key: ' ' };

  test('space talks for as long as it is held, repeats included', () => {
    render(<Page />);
    fireEvent.keyDown(document.body, space);
    fireEvent.keyDown(document.body, { ...space, repeat: true });
    expect(keys.talkStart).toHaveBeenCalledOnce();
    fireEvent.keyUp(document.body, space);
    expect(keys.talkEnd).toHaveBeenCalledOnce();
  });

  test('a window that loses the focus lets go', () => {
    render(<Page />);
    fireEvent.keyDown(screen.getByText('talk'), space);
    fireEvent.blur(window);
    expect(keys.talkEnd).toHaveBeenCalledOnce();
    fireEvent.keyUp(document.body, space);
    expect(keys.talkEnd).toHaveBeenCalledOnce();
  });

  test('what is typed is typed, and other buttons keep their keys', () => {
    render(<Page />);
    for (const element of [screen.getByLabelText('box'), screen.getByText('other')]) {
      fireEvent.keyDown(element, space);
      fireEvent.keyDown(element, { key: 'm', code: 'KeyM' });
    }
    expect(keys.talkStart).not.toHaveBeenCalled();
    expect(keys.mute).not.toHaveBeenCalled();
  });

  test('M mutes, Escape interrupts, Ctrl+Shift+V switches hands-free also while typing', () => {
    render(<Page />);
    fireEvent.keyDown(document.body, { key: 'm', code: 'KeyM' });
    fireEvent.keyDown(screen.getByLabelText('box'), { key: 'Escape' });
    fireEvent.keyDown(screen.getByLabelText('box'), { key: 'V', code: 'KeyV', ctrlKey: true, shiftKey: true });
    expect(keys.mute).toHaveBeenCalledOnce();
    expect(keys.interrupt).toHaveBeenCalledOnce();
    expect(keys.toggleHandsFree).toHaveBeenCalledOnce();
  });
});
