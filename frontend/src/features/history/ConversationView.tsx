import { exportAddress, type Format, type Kept, type KeptTurn } from '../../api/conversations';
import { day, t } from '../../i18n';
import { CalculatorCard } from '../calculators/CalculatorCard';
import styles from './History.module.css';
import { SureButton } from './SureButton';

const FORMATS: readonly Format[] = ['pdf', 'json', 'fhir'];

/** One conversation as it was asked and heard, and what can be done with it. */
export function ConversationView({ kept, onRemove }: { kept: Kept; onRemove: () => void }) {
  return (
    <>
      <p>
        {day(kept.started_at)}, {t.history.until(day(kept.expires_at))}
      </p>
      <ol className={styles.turns} data-testid="history-turns">
        {kept.turns
          .filter((turn) => turn.role !== 'system')
          .map((turn) => (
            <TurnOf key={turn.id} turn={turn} />
          ))}
      </ol>
      <p id="take-along" className={styles.label}>
        {t.history.exports}
      </p>
      <ul className={styles.exports} aria-labelledby="take-along">
        {FORMATS.map((format) => (
          <li key={format}>
            <a href={exportAddress(kept.id, format)} download data-testid={`export-${format}`}>
              {t.history[format]}
            </a>
          </li>
        ))}
      </ul>
      <SureButton label={t.history.remove} testId="history-remove" onSure={onRemove} />
    </>
  );
}

function TurnOf({ turn }: { turn: KeptTurn }) {
  return (
    <li className={turn.role === 'user' ? styles.asked : styles.answered}>
      <p className={styles.label}>{turn.role === 'user' ? t.conversation.you : t.product}</p>
      <p>{turn.text || t.conversation.unheard}</p>
      {turn.interrupted && turn.text !== '' && <p className={styles.label}>{t.history.interrupted}</p>}
      {turn.result && <CalculatorCard result={turn.result} />}
      {turn.citations.length > 0 && (
        <ul className={styles.sources}>
          {turn.citations.map((source) => (
            <li key={source.n}>
              [{source.n}] {[source.title, source.section, source.page === null ? null : t.sources.page(source.page), source.year].filter(Boolean).join(', ')} ({source.source})
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
