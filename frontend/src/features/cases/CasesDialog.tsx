import { useCallback, useEffect, useState } from 'react';
import { listCases, listNotes, openCase, openNote, showRounds, type Case, type CaseSummary, type Note, type NoteSummary } from '../../api/cases';
import { Problem } from '../../api/client';
import { sentence, t } from '../../i18n';
import { Alert } from '../../ui/Alert';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { CaseList } from './CaseList';
import { CaseView } from './CaseView';
import { NoteView } from './NoteView';
import { REFUSALS, w } from './words';

interface Props {
  open: boolean;
  csrf: string;
  /** Whether this person signs and exports notes. */
  signs: boolean;
  conversation: string | null;
  /** The case that the conversation is about. */
  current: string | null;
  onUse: (caseId: string | null) => void;
  onSignedOut: () => void;
  onClose: () => void;
}

/** Runs a step and says what it answers, where that is a sentence; a failure becomes one. */
export type Attempt = (step: () => Promise<unknown>) => Promise<void>;

interface Overview {
  cases: CaseSummary[];
  notes: NoteSummary[];
  /** Of the rounds that are under way; by the server's clock when it answered. */
  secondsLeft: number;
}

/** Cases with what is known in them, rounds, and notes. */
export default function CasesDialog({ open, csrf, signs, conversation, current, onUse, onSignedOut, onClose }: Props) {
  const [overview, setOverview] = useState<Overview | null>(null);
  const [shown, setShown] = useState<Case | null>(null);
  const [note, setNote] = useState<Note | null>(null);
  const [said, setSaid] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);

  const attempt: Attempt = useCallback(
    async (step) => {
      setProblem(null);
      setSaid('');
      try {
        const told = await step();
        setSaid(typeof told === 'string' ? told : '');
      } catch (error) {
        const refusal = error instanceof Problem ? error : new Problem('INTERNAL');
        if (refusal.code === 'UNAUTHENTICATED') onSignedOut();
        else setProblem(refusal);
      }
    },
    [onSignedOut],
  );
  const look = useCallback(async (): Promise<void> => {
    const [cases, notes, rounds] = await Promise.all([listCases(), listNotes(), showRounds()]);
    setOverview({ cases, notes, secondsLeft: rounds.seconds_left });
  }, []);
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the state is set when the server has answered
    if (open) void attempt(look);
  }, [open, attempt, look]);

  const leave = (): void => {
    setShown(null);
    setNote(null);
    void attempt(look);
  };
  const close = (): void => {
    // Nothing of it stays in the page behind the dialog.
    setShown(null);
    setNote(null);
    setOverview(null);
    onClose();
  };
  const gone = (caseId: string | null): void => {
    if (caseId !== null && caseId === current) onUse(null);
    leave();
  };

  return (
    <Dialog
      open={open}
      title={t.cases.title}
      onClose={close}
      actions={
        <>
          {(shown !== null || note !== null) && (
            <Button data-testid="cases-back" onClick={leave}>
              {w.back}
            </Button>
          )}
          <Button look="primary" data-testid="cases-close" onClick={close}>
            {t.close}
          </Button>
        </>
      }
    >
      {problem && <Alert detail={problem.traceId ? t.trace(problem.traceId) : undefined}>{REFUSALS[problem.code] ?? sentence(problem)}</Alert>}
      <p role="status" className={said === '' ? 'visually-hidden' : undefined}>
        {said}
      </p>
      {note !== null && <NoteView key={`${note.id} ${note.revision}`} note={note} csrf={csrf} signs={signs} attempt={attempt} onChange={setNote} onGone={leave} />}
      {note === null && shown !== null && (
        <CaseView
          shown={shown}
          notes={overview?.notes.filter(({ case_id }) => case_id === shown.id) ?? []}
          csrf={csrf}
          conversation={current === shown.id ? conversation : null}
          isCurrent={current === shown.id}
          attempt={attempt}
          onChange={setShown}
          onNote={setNote}
          onUse={(caseId) => {
            onUse(caseId);
            close();
          }}
          onGone={() => gone(shown.id)}
        />
      )}
      {note === null && shown === null && overview === null && problem === null && <p role="status">{t.loading}</p>}
      {note === null && shown === null && overview !== null && (
        <CaseList
          {...overview}
          csrf={csrf}
          attempt={attempt}
          onShow={(id) => void attempt(async () => setShown(await openCase(id)))}
          onMade={setShown}
          onNote={(id) => void attempt(async () => setNote(await openNote(id)))}
          onEnded={() => {
            if (overview.cases.some(({ id, rounds }) => rounds && id === current)) onUse(null);
          }}
          onLook={look}
        />
      )}
    </Dialog>
  );
}
