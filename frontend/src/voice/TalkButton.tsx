import { useEffect, useRef, type MouseEvent, type PointerEvent } from 'react';
import { t } from '../i18n';
import { Icon } from '../ui/Icon';
import type { Controls } from './Dock';
import type { Session } from './session';
import type { Phase } from './state';
import styles from './TalkButton.module.css';

interface Props {
  phase: Phase;
  handsFree: boolean;
  muted: boolean;
  holding: boolean;
  session: Session;
  controls: Controls;
}

/** Speech of ordinary loudness is around 0.1 of full scale; the ring should then be near its widest. */
const RING_GAIN = 7;

/** Held to talk; in hands-free mode it mutes. A click by keyboard or assistive technology toggles instead of holding. */
export function TalkButton({ phase, handsFree, muted, holding, session, controls }: Props) {
  const ring = useRef<HTMLSpanElement>(null);
  useEffect(
    () =>
      session.onLevel((level) => {
        ring.current?.style.setProperty('--level', Math.min(1, Math.sqrt(level) * Math.sqrt(RING_GAIN) * 0.9).toFixed(3));
      }),
    [session],
  );
  const press = (event: PointerEvent<HTMLButtonElement>): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    controls.talkStart();
  };
  const click = (event: MouseEvent): void => {
    if (event.detail !== 0) return;
    if (holding) controls.talkEnd();
    else controls.talkStart();
  };
  const name = handsFree ? (muted ? t.talk.unmute : t.talk.mute) : t.talk.hold;
  return (
    <span className={styles.place} data-phase={phase}>
      <span ref={ring} className={styles.ring} aria-hidden="true" />
      <button
        type="button"
        className={styles.button}
        data-testid="talk"
        data-talk
        aria-label={name}
        aria-pressed={handsFree ? !muted : holding}
        onPointerDown={press}
        onPointerUp={controls.talkEnd}
        onPointerCancel={controls.talkEnd}
        onContextMenu={(event) => event.preventDefault()}
        onClick={click}
      >
        <Icon name={handsFree && muted ? 'muted' : phase === 'speaking' ? 'speaking' : 'microphone'} size={38} />
      </button>
    </span>
  );
}
