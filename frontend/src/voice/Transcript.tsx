import { useEffect, useRef } from 'react';
import { keeping, t } from '../i18n';
import styles from './Transcript.module.css';
import { TurnView } from './TurnView';
import { newestAnswer, type VoiceState } from './state';

interface Props {
  state: VoiceState;
  keepDays: number | null;
  onCitation: (turn: string, n: number) => void;
  onSay: (words: string) => void;
}

const NEAR_END_PX = 120;

export function Transcript({ state, keepDays, onCitation, onSay }: Props) {
  const { turns, passing } = state;
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    // Whoever scrolled up to read is not pulled away.
    if (atEnd.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [turns, passing]);
  const follow = (): void => {
    const element = box.current;
    if (element) atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
  };
  const lastAnswer = newestAnswer(state);
  return (
    // A scrolling region must be reachable by keyboard to be read by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={box} className={styles.box} role="region" aria-labelledby="conversation" tabIndex={0} onScroll={follow} data-testid="transcript">
      <h2 id="conversation" className="visually-hidden">
        {t.conversation.label}
      </h2>
      {turns.length === 0 && <Empty keepDays={keepDays} onSay={onSay} />}
      <ol className={styles.turns}>
        {turns.map((turn) => (
          <TurnView key={turn.id} turn={turn} newest={turn === turns.at(-1)} onCitation={onCitation} onSay={onSay} />
        ))}
        {passing !== '' && (
          // For the eyes only: a screen reader hears the turn once it is whole.
          <li className={styles.user} aria-hidden="true" data-testid="passing">
            <p className={`${styles.bubble} ${styles.passing}`}>{passing} …</p>
          </li>
        )}
      </ol>
      <p className="visually-hidden" aria-live="polite">
        {lastAnswer?.final ? lastAnswer.text : ''}
      </p>
    </div>
  );
}

function Empty({ keepDays, onSay }: { keepDays: number | null; onSay: (words: string) => void }) {
  return (
    <div className={styles.empty}>
      <h2>{t.conversation.empty}</h2>
      <p>{t.conversation.emptyText}</p>
      <p data-testid="kept">{keeping(keepDays)}</p>
      <ul className={styles.examples}>
        {t.conversation.examples.map((example) => (
          <li key={example}>
            <button type="button" className={styles.example} onClick={() => onSay(example)}>
              {example}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
