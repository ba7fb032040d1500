import { useEffect, useState } from 'react';
import { openCase, type Case } from '../../api/cases';
import { Problem } from '../../api/client';
import { sentence, t } from '../../i18n';
import { Button } from '../../ui/Button';
import styles from './Cases.module.css';
import { w } from './words';

interface Props {
  caseId: string;
  /** Grows when the case may have changed. */
  seen: number;
  onOpen: () => void;
}

/** What is known of the patient whom the conversation is about, beside it. */
export default function CasePanel({ caseId, seen, onOpen }: Props) {
  const [shown, setShown] = useState<Case | Problem | null>(null);
  useEffect(() => {
    let wanted = true;
    openCase(caseId).then(
      (found) => wanted && setShown(found),
      (error: unknown) => wanted && setShown(error instanceof Problem ? error : new Problem('INTERNAL')),
    );
    return () => {
      wanted = false;
    };
  }, [caseId, seen]);
  const found = shown instanceof Problem || shown === null || shown.id !== caseId ? null : shown;
  return (
    <section className={styles.panel} aria-label={w.facts} data-testid="case-panel">
      <h2 className={styles.panelTitle}>{found?.title ?? t.cases.title}</h2>
      {shown === null && <p role="status">{t.loading}</p>}
      {shown instanceof Problem && <p role="alert">{shown.status === 404 ? t.problems['CASE_GONE'] : sentence(shown)}</p>}
      {found?.facts.length === 0 && <p>{w.noFacts}</p>}
      {found && found.facts.length > 0 && (
        <ul className={styles.list}>
          {found.facts.map((fact) => (
            <li key={fact.id}>{fact.text}</li>
          ))}
        </ul>
      )}
      <Button look="quiet" onClick={onOpen} data-testid="case-panel-open">
        {t.cases.title}
      </Button>
    </section>
  );
}
