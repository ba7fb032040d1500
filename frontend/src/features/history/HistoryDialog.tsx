import { useCallback, useEffect, useState } from 'react';
import { Problem } from '../../api/client';
import { deleteConversation, listConversations, openConversation, searchConversations, type Kept, type Summary } from '../../api/conversations';
import { keeping, sentence, t } from '../../i18n';
import { Alert } from '../../ui/Alert';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { ConversationView } from './ConversationView';
import styles from './History.module.css';
import { SearchForm } from './SearchForm';
import { SureButton } from './SureButton';

interface Props {
  open: boolean;
  csrf: string;
  /** The conversation that goes on in the page. */
  current: string | null;
  onCurrentGone: () => void;
  onSignedOut: () => void;
  onClose: () => void;
}

interface Found {
  items: (Summary & { snippet?: string })[];
  cursor: string | null;
  /** Of a search, whether everything was looked through. */
  complete: boolean;
  query: string;
}

const PAGE = 20;

/** What the server keeps of one's conversations: to be found, read, taken along and deleted. */
export default function HistoryDialog({ open, csrf, current, onCurrentGone, onSignedOut, onClose }: Props) {
  const [found, setFound] = useState<Found | null>(null);
  const [days, setDays] = useState<number | null>(null);
  const [shown, setShown] = useState<Kept | null>(null);
  const [said, setSaid] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);

  const attempt = useCallback(
    async (step: () => Promise<void>): Promise<void> => {
      setProblem(null);
      setSaid('');
      try {
        await step();
      } catch (error) {
        const refusal = error instanceof Problem ? error : new Problem('INTERNAL');
        if (refusal.code === 'UNAUTHENTICATED') onSignedOut();
        else setProblem(refusal);
      }
    },
    [onSignedOut],
  );
  const list = useCallback(
    () =>
      attempt(async () => {
        const page = await listConversations(PAGE);
        setDays(page.keep_days);
        setFound({ items: page.items, cursor: page.next_cursor, complete: true, query: '' });
      }),
    [attempt],
  );
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the state is set when the server has answered
    if (open) void list();
  }, [open, list]);

  const more = (cursor: string): Promise<void> =>
    attempt(async () => {
      const page = await listConversations(PAGE, cursor);
      setFound((before) => before && { ...before, items: [...before.items, ...page.items], cursor: page.next_cursor });
    });
  const search = (query: string): Promise<void> =>
    query === ''
      ? list()
      : attempt(async () => {
          const hits = await searchConversations(csrf, query);
          setFound({ items: hits.items, cursor: null, complete: hits.complete, query });
        });
  const show = (id: string): Promise<void> => attempt(async () => setShown(await openConversation(id)));
  const remove = (id?: string): Promise<void> =>
    attempt(async () => {
      await deleteConversation(csrf, id);
      if (id === undefined || id === current) onCurrentGone();
      setShown(null);
      setFound((before) => before && { ...before, items: id === undefined ? [] : before.items.filter((one) => one.id !== id), cursor: id === undefined ? null : before.cursor });
      setSaid(t.history.removed);
    });
  const close = (): void => {
    // Nothing of it stays in the page behind the dialog.
    setShown(null);
    setFound(null);
    onClose();
  };

  return (
    <Dialog
      open={open}
      title={t.history.title}
      onClose={close}
      actions={
        <>
          {shown && (
            <Button data-testid="history-back" onClick={() => setShown(null)}>
              {t.history.back}
            </Button>
          )}
          {!shown && current !== null && (
            <Button
              data-testid="history-begin"
              onClick={() => {
                onCurrentGone();
                close();
              }}
            >
              {t.history.begin}
            </Button>
          )}
          <Button look="primary" data-testid="history-close" onClick={close}>
            {t.close}
          </Button>
        </>
      }
    >
      <p>{keeping(days)}</p>
      {problem && <Alert detail={problem.traceId ? t.trace(problem.traceId) : undefined}>{sentence(problem)}</Alert>}
      <p role="status" className={said === '' ? 'visually-hidden' : undefined}>
        {said}
      </p>
      {shown ? (
        <ConversationView kept={shown} onRemove={() => void remove(shown.id)} />
      ) : (
        <>
          <SearchForm onSearch={(query) => void search(query)} />
          {!found && !problem && <p role="status">{t.loading}</p>}
          {found && <List found={found} onShow={(id) => void show(id)} />}
          {found?.cursor && <Button onClick={() => void more(found.cursor ?? '')}>{t.history.more}</Button>}
          {found && found.items.length > 0 && found.query === '' && <SureButton label={t.history.removeAll} testId="history-remove-all" onSure={() => void remove()} />}
        </>
      )}
    </Dialog>
  );
}

function List({ found, onShow }: { found: Found; onShow: (id: string) => void }) {
  if (found.items.length === 0) return <p data-testid="history-none">{found.query === '' ? t.history.none : t.history.nothing}</p>;
  return (
    <>
      <ul className={styles.list}>
        {found.items.map((one) => (
          <li key={one.id}>
            <button type="button" className={styles.entry} data-testid="history-entry" onClick={() => onShow(one.id)}>
              <strong>{one.title || t.history.untitled}</strong>
              {(one.snippet ?? one.summary) && <span>{one.snippet ?? one.summary}</span>}
              <small>
                {moment(one.started_at)}, {t.history.turns(one.items)}
              </small>
            </button>
          </li>
        ))}
      </ul>
      {!found.complete && <p>{t.history.older}</p>}
    </>
  );
}

function moment(time: string): string {
  return new Date(time).toLocaleString(t.language, { dateStyle: 'medium', timeStyle: 'short' });
}
