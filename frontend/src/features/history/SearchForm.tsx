import { useState, type SubmitEvent } from 'react';
import { t } from '../../i18n';
import { Button } from '../../ui/Button';
import styles from './History.module.css';

/** An empty search shows everything again. */
export function SearchForm({ onSearch }: { onSearch: (query: string) => void }) {
  const [words, setWords] = useState('');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    onSearch(words.trim());
  };
  return (
    <form className={styles.search} role="search" onSubmit={submit}>
      <label>
        <span>{t.history.search}</span>
        <input type="search" autoComplete="off" maxLength={200} data-testid="history-query" value={words} onChange={(event) => setWords(event.target.value)} />
      </label>
      <Button type="submit" data-testid="history-search">
        {words.trim() === '' ? t.history.all : t.history.find}
      </Button>
    </form>
  );
}
