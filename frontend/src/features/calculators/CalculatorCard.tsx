import type { CalculatorInput, CalculatorResult } from '../../api/types';
import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';
import styles from './CalculatorCard.module.css';

/** A result with everything that led to it: inputs with units, what was assumed, the formula's source. */
export function CalculatorCard({ result }: { result: CalculatorResult }) {
  return (
    // A group and no region: a conversation may hold two of the same calculator.
    <div role="group" className={styles.card} data-testid="calculator" aria-label={`${t.calculator.label}: ${result.title}`}>
      <header className={styles.head}>
        <Icon name="calculator" size={18} />
        <h3 className={styles.title}>{result.title}</h3>
        <span className={styles.version}>{t.calculator.version(result.version)}</span>
      </header>
      <p className={styles.result}>
        <strong className={styles.value}>{show(result.value)}</strong>
        {result.unit && <span className={styles.unit}>{result.unit}</span>}
        {result.band && <span className={styles.band}>{result.band}</span>}
      </p>
      <dl className={styles.inputs} aria-label={t.calculator.inputs}>
        {result.inputs.map((input) => (
          <Input key={input.name} input={input} />
        ))}
      </dl>
      <Notes lines={result.assumptions} />
      <Notes lines={result.warnings} warning />
      {result.citations.length > 0 && (
        <p className={styles.formula}>
          {t.calculator.formula}:{' '}
          {result.citations.map((reference) => (
            <span key={reference.text}>
              {reference.text}
              {reference.year !== null && !reference.text.includes(String(reference.year)) && ` (${reference.year})`}
              {reference.doi && (
                <>
                  {' '}
                  <a href={`https://doi.org/${reference.doi}`} target="_blank" rel="noreferrer noopener">
                    doi:{reference.doi}
                  </a>
                </>
              )}{' '}
            </span>
          ))}
        </p>
      )}
    </div>
  );
}

function Input({ input }: { input: CalculatorInput }) {
  return (
    <div className={styles.input} data-assumed={input.assumed || undefined}>
      <dt>{input.label}</dt>
      <dd>
        {show(input.value)}
        {input.unit && ` ${input.unit}`}
        {input.assumed && <span className={styles.assumed}>{t.calculator.assumed}</span>}
        {input.from_case && <span className={styles.assumed}>{t.calculator.fromCase(dayOf(input.from_case))}</span>}
      </dd>
    </div>
  );
}

function Notes({ lines, warning = false }: { lines: string[]; warning?: boolean }) {
  if (lines.length === 0) return null;
  return (
    <ul className={`${styles.notes} ${warning ? styles.warning : ''}`}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

/** A day without a time is the same day everywhere. */
function dayOf(date: string): string {
  return new Date(date).toLocaleDateString(t.language, { dateStyle: 'medium', timeZone: 'UTC' });
}

function show(value: number | boolean | string): string {
  if (typeof value === 'boolean') return value ? t.calculator.yes : t.calculator.no;
  return String(value);
}
