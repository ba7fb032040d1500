import { useEffect } from 'react';

interface Keys {
  talkStart: () => void;
  talkEnd: () => void;
  mute: () => void;
  interrupt: () => void;
  toggleHandsFree: () => void;
}

/** Space held talks, M mutes, Escape interrupts, Ctrl/Cmd+Shift+V switches hands-free. */
export function useKeys(keys: Keys): void {
  useEffect(() => {
    let held = false;
    const down = (event: KeyboardEvent): void => {
      if (document.querySelector('dialog[open]')) return;
      if (event.code === 'KeyV' && event.shiftKey && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        return keys.toggleHandsFree();
      }
      if (event.key === 'Escape') return keys.interrupt();
      if (takesKeys(event.target)) return;
      if (event.code === 'Space') {
        event.preventDefault();
        if (!event.repeat) keys.talkStart();
        held = true;
      } else if (event.key.toLowerCase() === 'm' && !event.ctrlKey && !event.metaKey && !event.altKey) {
        keys.mute();
      }
    };
    const up = (event: KeyboardEvent): void => {
      if (event.code !== 'Space' || !held) return;
      event.preventDefault();
      release();
    };
    const release = (): void => {
      if (held) keys.talkEnd();
      held = false;
    };
    window.addEventListener('keydown', down);
    window.addEventListener('keyup', up);
    window.addEventListener('blur', release);
    return () => {
      window.removeEventListener('keydown', down);
      window.removeEventListener('keyup', up);
      window.removeEventListener('blur', release);
    };
  }, [keys]);
}

/** Whether the focused element has its own use for letters and the space bar. */
function takesKeys(target: EventTarget | null): boolean {
  if (!(target instanceof Element) || target.closest('[data-talk]')) return false;
  return target.closest('input, textarea, select, button, a, summary, [contenteditable]') !== null;
}
