import { useEffect, useId, useRef } from 'react';
import type { Citation } from '../../api/types';
import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';
import styles from './CitationsPanel.module.css';

interface Props {
  citations: Citation[];
  chosen: { n: number } | null;
  /** They belong to an answer before the newest one. */
  earlier: boolean;
}

/** `chosen` is the number the reader clicked; its card takes the focus. */
export function CitationsPanel({ citations, chosen, earlier }: Props) {
  const heading = useId();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (!chosen) return;
    const card = list.current?.querySelector<HTMLElement>(`[data-n="${chosen.n}"]`);
    card?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
    card?.focus({ preventScroll: true });
  }, [chosen]);
  return (
    <section aria-labelledby={heading} className={styles.panel} data-testid="citations">
      <h2 id={heading} className={styles.title}>
        {t.sources.title}
        {citations.length > 0 && <span className={styles.count}>{citations.length}</span>}
        {earlier && <span className={styles.earlier}>{t.sources.earlier}</span>}
      </h2>
      {citations.length === 0 && (
        <p className={styles.empty}>
          <Icon name="book" size={28} />
          {t.sources.empty}
        </p>
      )}
      <ol ref={list} className={styles.list}>
        {citations.map((citation) => (
          <Card key={citation.n} citation={citation} chosen={chosen?.n === citation.n} />
        ))}
      </ol>
    </section>
  );
}

function Card({ citation, chosen }: { citation: Citation; chosen: boolean }) {
  const place = [citation.section, citation.page !== null && t.sources.page(citation.page)].filter(Boolean);
  const version = citation.version && t.sources.version(citation.version);
  const origin = [citation.source, citation.year, version, citation.evidence].filter(Boolean);
  return (
    <li className={`${styles.card} ${chosen ? styles.chosen : ''}`} data-testid="citation" data-n={citation.n} tabIndex={-1}>
      <div className={styles.head}>
        <span className={styles.number} aria-hidden="true">
          {citation.n}
        </span>
        <div>
          <h3 className={styles.name}>
            <span className="visually-hidden">{t.conversation.source(citation.n)}: </span>
            {citation.title}
          </h3>
          {place.length > 0 && <p className={styles.place}>{place.join(' · ')}</p>}
        </div>
      </div>
      <blockquote className={styles.snippet}>{citation.snippet}</blockquote>
      <p className={styles.origin}>{origin.join(' · ')}</p>
      {citation.superseded && <p className={styles.badge}>{t.sources.superseded}</p>}
      {citation.starter && <p className={styles.badge}>{t.sources.starter}</p>}
    </li>
  );
}
