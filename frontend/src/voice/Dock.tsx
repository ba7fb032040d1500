import { useState, type SubmitEvent } from 'react';
import { t } from '../i18n';
import { Button } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { Switch } from '../ui/Switch';
import styles from './Dock.module.css';
import type { Session } from './session';
import { phaseOf, runningTool, type VoiceState } from './state';
import { StateLine } from './StateLine';
import { TalkButton } from './TalkButton';

export interface Controls {
  talkStart: () => void;
  talkEnd: () => void;
  interrupt: () => void;
  handsFree: (on: boolean) => void;
}

/** Everything one speaks or types with, in one place at the bottom. */
export function Dock({ state, session, controls }: { state: VoiceState; session: Session; controls: Controls }) {
  const phase = phaseOf(state);
  const answering = state.playing || state.asked || state.active !== null;
  return (
    <section className={styles.dock} aria-label={t.talk.hold}>
      <div className={styles.row}>
        <div className={styles.left}>
          <Switch checked={state.handsFree} label={t.talk.handsFree} testId="handsfree" onChange={controls.handsFree} />
          <Switch checked={state.local} label={t.phi.keep} testId="keep-local" onChange={(local) => session.setLocal(local)} />
        </div>
        <TalkButton phase={phase} handsFree={state.handsFree} muted={state.muted} holding={state.holding} session={session} controls={controls} />
        <div className={styles.right}>
          {state.microphone && <Recording sending={state.sending} />}
          {answering && (
            <Button icon="stop" className={styles.stop} data-testid="interrupt" onClick={controls.interrupt}>
              {t.talk.interrupt}
            </Button>
          )}
        </div>
      </div>
      <StateLine phase={phase} handsFree={state.handsFree} holding={state.holding} tool={runningTool(state)} session={session} />
      <QuestionBox session={session} />
      <p className={styles.notice} data-testid="notice">
        <strong>{t.notice}.</strong> {t.noticeMore}
      </p>
    </section>
  );
}

/** Never by colour alone: a dot and a word, for as long as the microphone is open. */
function Recording({ sending }: { sending: boolean }) {
  return (
    <p className={sending ? styles.recording : styles.open} data-testid="recording" data-recording={sending}>
      <span className={styles.dot} aria-hidden="true" />
      {sending ? t.talk.recording : t.talk.microphoneOpen}
    </p>
  );
}

function QuestionBox({ session }: { session: Session }) {
  const [words, setWords] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (words.trim() === '' || busy) return;
    setBusy(true);
    // What could not be sent stays in the box.
    if (await session.say(words.trim())) setWords('');
    setBusy(false);
  };
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      <label htmlFor="question" className="visually-hidden">
        {t.conversation.box}
      </label>
      <input
        id="question"
        className={styles.box}
        data-testid="textbox"
        autoComplete="off"
        maxLength={2000}
        placeholder={t.conversation.box}
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      <button type="submit" className={styles.send} data-testid="send" aria-label={t.conversation.send} disabled={words.trim() === '' || busy}>
        <Icon name="send" />
      </button>
    </form>
  );
}
