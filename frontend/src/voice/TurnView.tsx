import { Fragment } from 'react';
import { CalculatorCard } from '../features/calculators/CalculatorCard';
import { t } from '../i18n';
import type { Turn } from './state';
import styles from './Transcript.module.css';

interface Props {
  turn: Turn;
  /** Only the newest question may still be answered by a chip. */
  newest: boolean;
  onCitation: (turn: string, n: number) => void;
  onSay: (words: string) => void;
}

export function TurnView({ turn, newest, onCitation, onSay }: Props) {
  if (turn.role === 'note') return <li className={styles.note}>{turn.text}</li>;
  if (turn.role === 'user') return <UserTurn turn={turn} />;
  return (
    <li className={styles.assistant} data-testid="turn-assistant" data-final={turn.final} data-interrupted={turn.interrupted}>
      <p className={styles.who}>{t.product}</p>
      <p className={styles.answer}>
        <Marked turn={turn} onCitation={onCitation} />
        {!turn.final && <Dots label={t.conversation.speaking} />}
      </p>
      <References turn={turn} onCitation={onCitation} />
      {turn.result && <CalculatorCard result={turn.result} />}
      {turn.clarification && newest && (
        <ul className={styles.chips}>
          {turn.clarification.options.map((option) => (
            <li key={option}>
              <button type="button" className={styles.chip} data-testid="clarify-option" onClick={() => onSay(option)}>
                {option}
              </button>
            </li>
          ))}
        </ul>
      )}
      <Foot turn={turn} />
    </li>
  );
}

function UserTurn({ turn }: { turn: Turn }) {
  return (
    <li className={styles.user} data-testid="turn-user" data-final={turn.final}>
      <p className="visually-hidden">{t.conversation.you}:</p>
      <p className={styles.bubble}>
        {turn.text}
        {!turn.final && <Dots label={t.states.hearing} />}
        {turn.final && turn.text === '' && <em>{t.conversation.notHeard}</em>}
      </p>
    </li>
  );
}

/** The text with every marker [n] that has a source turned into a button. */
function Marked({ turn, onCitation }: Pick<Props, 'turn' | 'onCitation'>) {
  return turn.text.split(/(\[\d+\])/).map((part, index) => {
    const n = Number(/^\[(\d+)\]$/.exec(part)?.[1]);
    const known = turn.citations.some((citation) => citation.n === n);
    return <Fragment key={index}>{known ? <Reference turn={turn.id} n={n} onCitation={onCitation} /> : part}</Fragment>;
  });
}

/** Sources of an answer whose words carry no markers, as spoken answers do. */
function References({ turn, onCitation }: Pick<Props, 'turn' | 'onCitation'>) {
  if (turn.citations.length === 0 || /\[\d+\]/.test(turn.text)) return null;
  return (
    <ul className={styles.references}>
      {turn.citations.map((citation) => (
        <li key={citation.n}>
          <Reference turn={turn.id} n={citation.n} title={citation.title} onCitation={onCitation} />
        </li>
      ))}
    </ul>
  );
}

function Reference({ turn, n, title, onCitation }: { turn: string; n: number; title?: string; onCitation: Props['onCitation'] }) {
  return (
    <button
      type="button"
      className={title ? styles.namedReference : styles.reference}
      data-testid="citation-ref"
      aria-label={[t.conversation.source(n), title].filter(Boolean).join(': ')}
      onClick={() => onCitation(turn, n)}
    >
      <span className={styles.referenceNumber}>{n}</span>
      {title && <span className={styles.referenceTitle}>{title}</span>}
    </button>
  );
}

function Foot({ turn }: { turn: Turn }) {
  const parts = [
    turn.interrupted && (turn.text === '' ? t.conversation.unheard : t.conversation.interrupted),
    turn.notice,
    turn.firstSoundMs !== null && t.conversation.firstSound((turn.firstSoundMs / 1000).toFixed(1)),
  ].filter(Boolean);
  return parts.length > 0 ? <p className={styles.foot}>{parts.join(' · ')}</p> : null;
}

function Dots({ label }: { label: string }) {
  return (
    <span className={styles.dots} role="img" aria-label={label}>
      <i />
      <i />
      <i />
    </span>
  );
}
