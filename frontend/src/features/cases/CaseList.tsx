import { useEffect, useState, type SubmitEvent } from 'react';
import { endRounds, makeCase, startRounds, type Case, type CaseSummary, type NoteSummary } from '../../api/cases';
import { day } from '../../i18n';
import { Button } from '../../ui/Button';
import type { Attempt } from './CasesDialog';
import styles from './Cases.module.css';
import { w } from './words';

interface Props {
  cases: CaseSummary[];
  notes: NoteSummary[];
  secondsLeft: number;
  csrf: string;
  attempt: Attempt;
  onShow: (id: string) => void;
  onMade: (made: Case) => void;
  onNote: (id: string) => void;
  /** Rounds were ended, and what belonged to them is gone. */
  onEnded: () => void;
  onLook: () => Promise<void>;
}

const TICK_MS = 15_000;

export function CaseList({ cases, notes, secondsLeft, csrf, attempt, onShow, onMade, onNote, onEnded, onLook }: Props) {
  return (
    <>
      <p>{w.intro}</p>
      <Rounds
        secondsLeft={secondsLeft}
        onStart={() =>
          void attempt(async () => {
            await startRounds(csrf);
            await onLook();
          })
        }
        onEnd={() =>
          void attempt(async () => {
            await endRounds(csrf);
            onEnded();
            await onLook();
          })
        }
        onOver={() => void attempt(onLook)}
      />
      <h3 className={styles.head}>{w.list}</h3>
      {cases.length === 0 && <p data-testid="cases-none">{w.none}</p>}
      <ul className={styles.list}>
        {cases.map((one) => (
          <li key={one.id}>
            <button type="button" className={styles.entry} data-testid="case-entry" onClick={() => onShow(one.id)}>
              <strong>{one.title}</strong>
              <small>{one.rounds ? w.ofRounds : w.until(day(one.expires_at))}</small>
            </button>
          </li>
        ))}
      </ul>
      <NewCase rounds={secondsLeft > 0} onMake={(title, person) => void attempt(async () => onMade(await makeCase(csrf, title, secondsLeft > 0, person)))} />
      <NoteList notes={notes} onNote={onNote} />
    </>
  );
}

export function NoteList({ notes, onNote }: { notes: NoteSummary[]; onNote: (id: string) => void }) {
  if (notes.length === 0) return null;
  return (
    <>
      <h3 className={styles.head}>{w.notes}</h3>
      <ul className={styles.list}>
        {notes.map((one) => (
          <li key={one.id}>
            <button type="button" className={styles.entry} data-testid="note-entry" onClick={() => onNote(one.id)}>
              <strong>{one.title}</strong>
              <small>
                {w.state[one.state]}, {day(one.created_at)}
              </small>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Rounds({ secondsLeft, onStart, onEnd, onOver }: { secondsLeft: number; onStart: () => void; onEnd: () => void; onOver: () => void }) {
  const [left, setLeft] = useState(secondsLeft);
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the server has told it anew
    setLeft(secondsLeft);
    if (secondsLeft === 0) return;
    const told = performance.now();
    const timer = setInterval(() => {
      const now = Math.max(0, secondsLeft - Math.round((performance.now() - told) / 1000));
      setLeft(now);
      if (now === 0) {
        clearInterval(timer);
        onOver();
      }
    }, TICK_MS);
    return () => clearInterval(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- begun anew only when the server has told another time
  }, [secondsLeft]);
  return (
    <section className={styles.rounds} aria-label={w.rounds}>
      <p>{left > 0 ? w.left(Math.floor(left / 3600), Math.floor((left % 3600) / 60)) : w.roundsIntro}</p>
      {left > 0 ? (
        <Button data-testid="rounds-end" onClick={onEnd}>
          {w.stop}
        </Button>
      ) : (
        <Button data-testid="rounds-start" onClick={onStart}>
          {w.start}
        </Button>
      )}
    </section>
  );
}

function NewCase({ rounds, onMake }: { rounds: boolean; onMake: (title: string, person: string) => void }) {
  const [title, setTitle] = useState('');
  const [person, setPerson] = useState('');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (title.trim() !== '') onMake(title.trim(), person.trim());
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <h3 className={styles.head}>{w.add}</h3>
      {rounds && <p>{w.inRounds}</p>}
      <label>
        <span>{w.name}</span>
        <input required autoComplete="off" maxLength={120} data-testid="case-title" value={title} onChange={(event) => setTitle(event.target.value)} />
      </label>
      <label>
        <span>{w.person}</span>
        <input autoComplete="off" maxLength={300} placeholder={w.personHint} data-testid="case-person" value={person} onChange={(event) => setPerson(event.target.value)} />
      </label>
      <Button type="submit" data-testid="case-make">
        {w.make}
      </Button>
    </form>
  );
}
