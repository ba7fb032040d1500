import { useState } from 'react';
import { deleteNote, editNote, noteAddress, signNote, type EditedSection, type Note } from '../../api/cases';
import { day } from '../../i18n';
import { Button } from '../../ui/Button';
import { SureButton } from '../history/SureButton';
import type { Attempt } from './CasesDialog';
import styles from './Cases.module.css';
import { w } from './words';

interface Props {
  note: Note;
  csrf: string;
  signs: boolean;
  attempt: Attempt;
  onChange: (changed: Note) => void;
  onGone: () => void;
}

/** A note sentence by sentence, each with where it comes from; a draft can be changed, a signed note be read. */
export function NoteView({ note, csrf, signs, attempt, onChange, onGone }: Props) {
  const [sections, setSections] = useState<EditedSection[]>(() => note.sections.map(({ name, sentences }) => ({ name, sentences: sentences.map(({ id, text }) => ({ id, text })) })));
  const [asked, setAsked] = useState(false);
  const known = new Map(note.sections.flatMap((section) => section.sentences).map((one) => [one.id, one]));
  const told = (): EditedSection[] => sections.map(({ name, sentences }) => ({ name, sentences: sentences.filter(({ text }) => text.trim() !== '') }));
  const changed = JSON.stringify(told()) !== JSON.stringify(note.sections.map(({ name, sentences }) => ({ name, sentences: sentences.map(({ id, text }) => ({ id, text })) })));
  const write = (section: number, place: number, text: string): void => {
    setAsked(false);
    setSections((before) => before.map((one, n) => (n === section ? { ...one, sentences: one.sentences.map((two, m) => (m === place ? { ...two, text } : two)) } : one)));
  };
  const save = (): Promise<void> =>
    attempt(async () => {
      onChange(await editNote(csrf, note, told()));
      return w.saved;
    });
  // What is signed is what is read: changes are saved first, and the signature names the revision.
  const sign = (): Promise<void> => attempt(async () => onChange(await signNote(csrf, changed ? await editNote(csrf, note, told()) : note)));

  return (
    <article className={styles.note} data-testid="note">
      {note.state === 'draft' ? (
        <p className={styles.watermark} data-testid="note-watermark">
          <strong>{w.watermark}</strong> {w.unsigned}
        </p>
      ) : (
        <p data-testid="note-signed">{w.signed(note.signed_by ?? '', day(note.signed_at ?? note.created_at))}</p>
      )}
      {sections.map(({ name, sentences }, section) => (
        <section key={name} aria-label={w.sections[name]}>
          <h3 className={styles.head}>{w.sections[name]}</h3>
          {sentences.map((one, place) => (
            <div key={one.id ?? `new ${place}`} className={styles.sentence}>
              {note.state === 'draft' ? (
                <textarea rows={2} maxLength={1000} data-testid="note-sentence" aria-label={w.sentence(w.sections[name], place + 1)} value={one.text} onChange={(event) => write(section, place, event.target.value)} />
              ) : (
                <p>{one.text}</p>
              )}
              <small>{originOf(known.get(one.id ?? ''), one.text)}</small>
            </div>
          ))}
          {note.state === 'draft' && (
            <Button look="quiet" onClick={() => setSections((before) => before.map((one, n) => (n === section ? { ...one, sentences: [...one.sentences, { text: '' }] } : one)))}>
              {w.more}
            </Button>
          )}
        </section>
      ))}
      {note.sources.length > 0 && (
        <section aria-label={w.sources}>
          <h3 className={styles.head}>{w.sources}</h3>
          <ul className={styles.list}>
            {note.sources.map((one) => (
              <li key={one.n}>
                [{one.n}] {[one.title, one.section, one.year].filter(Boolean).join(', ')} ({one.source})
              </li>
            ))}
          </ul>
        </section>
      )}
      <div className={styles.row}>
        {note.state === 'draft' && (
          <Button data-testid="note-save" onClick={() => void save()}>
            {w.save}
          </Button>
        )}
        {note.state === 'draft' && signs && (
          <Button look={asked ? 'primary' : 'secondary'} data-testid="note-sign" onBlur={() => setAsked(false)} onClick={() => (asked ? void sign() : setAsked(true))}>
            {asked ? w.sure : w.sign}
          </Button>
        )}
        {signs &&
          (['pdf', 'fhir'] as const).map((format) => (
            <a key={format} className={styles.export} href={noteAddress(note.id, format)} download data-testid={`note-${format}`}>
              {format === 'pdf' ? w.exportPdf : w.exportFhir}
            </a>
          ))}
      </div>
      {!signs && <p>{w.onlyPhysicians}</p>}
      {note.state === 'draft' && (
        <SureButton
          label={w.drop}
          testId="note-drop"
          onSure={() =>
            void attempt(async () => {
              await deleteNote(csrf, note.id);
              onGone();
              return w.removed;
            })
          }
        />
      )}
    </article>
  );
}

/** @param text the words as they stand in the page now. */
function originOf(sentence: Note['sections'][number]['sentences'][number] | undefined, text: string): string {
  if (sentence === undefined) return w.origins.author;
  const edited = sentence.edited || (sentence.origin.kind !== 'author' && sentence.text !== text);
  return edited ? `${w.origins[sentence.origin.kind]}, ${w.edited}` : w.origins[sentence.origin.kind];
}
