import { useState, type SubmitEvent } from 'react';
import { deleteCase, draftNote, eraseFact, KINDS, openCase, openNote, tellFact, type Case, type Kind, type Note, type NoteForm, type NoteSummary } from '../../api/cases';
import { day } from '../../i18n';
import { Button } from '../../ui/Button';
import { SureButton } from '../history/SureButton';
import type { Attempt } from './CasesDialog';
import { NoteList } from './CaseList';
import styles from './Cases.module.css';
import { w } from './words';

interface Props {
  shown: Case;
  notes: NoteSummary[];
  csrf: string;
  /** The conversation that is about this case. */
  conversation: string | null;
  isCurrent: boolean;
  attempt: Attempt;
  onChange: (changed: Case) => void;
  onNote: (note: Note) => void;
  onUse: (caseId: string | null) => void;
  onGone: () => void;
}

/** One case: what is known, and what can be done with it. */
export function CaseView({ shown, notes, csrf, conversation, isCurrent, attempt, onChange, onNote, onUse, onGone }: Props) {
  const draft = (form: NoteForm): Promise<void> =>
    attempt(async () => onNote(await draftNote(csrf, form, conversation === null ? { case_id: shown.id } : { conversation_id: conversation })));
  return (
    <>
      <h3 className={styles.head} data-testid="case-name">
        {shown.title}
      </h3>
      <p>{shown.rounds ? w.inRounds : w.until(day(shown.expires_at))}</p>
      {isCurrent ? (
        <>
          <p>{w.current}</p>
          <Button data-testid="case-end" onClick={() => onUse(null)}>
            {w.end}
          </Button>
        </>
      ) : (
        <>
          <p>{w.talkIntro}</p>
          <Button look="primary" data-testid="case-use" onClick={() => onUse(shown.id)}>
            {w.talk}
          </Button>
        </>
      )}
      <h3 className={styles.head}>{w.facts}</h3>
      {shown.facts.length === 0 && <p>{w.noFacts}</p>}
      <ul className={styles.facts} data-testid="case-facts">
        {shown.facts.map((fact) => (
          <li key={fact.id}>
            <span>
              {fact.text} <small>{`${w.kinds[fact.kind]}, ${day(fact.at ?? fact.told_at)}`}</small>
            </span>
            <Button
              look="quiet"
              icon="close"
              bare
              data-testid="fact-erase"
              onClick={() =>
                void attempt(async () => {
                  await eraseFact(csrf, shown.id, fact.id);
                  onChange(await openCase(shown.id));
                })
              }
            >
              {w.erase(fact.text)}
            </Button>
          </li>
        ))}
      </ul>
      <NewFact onTell={(kind, text) => void attempt(async () => onChange(await tellFact(csrf, shown.id, kind, text)))} />
      <NoteList notes={notes} onNote={(id) => void attempt(async () => onNote(await openNote(id)))} />
      <p className={styles.head}>{w.draftIntro}</p>
      <div className={styles.row}>
        <Button data-testid="draft-ap" onClick={() => void draft('ap')}>
          {w.draftAp}
        </Button>
        <Button data-testid="draft-soap" onClick={() => void draft('soap')}>
          {w.draftSoap}
        </Button>
      </div>
      <SureButton
        label={w.remove}
        testId="case-remove"
        onSure={() =>
          void attempt(async () => {
            await deleteCase(csrf, shown.id);
            onGone();
            return w.removed;
          })
        }
      />
    </>
  );
}

function NewFact({ onTell }: { onTell: (kind: Kind, text: string) => void }) {
  const [kind, setKind] = useState<Kind>('problem');
  const [text, setText] = useState('');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (text.trim() === '') return;
    onTell(kind, text.trim());
    setText('');
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <label>
        <span>{w.kind}</span>
        <select data-testid="fact-kind" value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {w.kinds[one]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{w.fact}</span>
        <input required autoComplete="off" maxLength={300} placeholder={w.factHint} data-testid="fact-text" value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      <Button type="submit" data-testid="fact-tell">
        {w.tell}
      </Button>
    </form>
  );
}
