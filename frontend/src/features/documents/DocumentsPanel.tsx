import { useId, useState, type DragEvent } from 'react';
import { sentence, t } from '../../i18n';
import { Icon } from '../../ui/Icon';
import styles from './DocumentsPanel.module.css';
import { useUploads, type UploadRow, type UploadState } from './useUploads';

const ACCEPT = '.pdf,.docx,.html,.md,.txt,application/pdf,text/html,text/markdown,text/plain';

/** `mayAdd`: whether the role of this user may upload. */
export function DocumentsPanel({ csrf, mayAdd }: { csrf: string; mayAdd: boolean }) {
  const { rows, add } = useUploads(csrf);
  const heading = useId();
  return (
    <section aria-labelledby={heading} className={styles.panel}>
      <h2 id={heading} className={styles.title}>
        {t.documents.title}
      </h2>
      {mayAdd ? <DropZone add={add} /> : <p className={styles.kinds}>{t.documents.readOnly}</p>}
      <ul className={styles.list}>
        {rows.map((row) => (
          <Row key={row.key} row={row} />
        ))}
      </ul>
      <p className="visually-hidden" role="status">
        {rows.filter((row) => row.uploaded && row.status.state === 'indexed').map((row) => t.documents.announce(row.name)).at(0)}
      </p>
    </section>
  );
}

function DropZone({ add }: { add: (files: Iterable<File>) => void }) {
  const [over, setOver] = useState(false);
  const input = useId();
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    add(event.dataTransfer.files);
  };
  return (
    // Dropping is a shortcut for the mouse; the file input below does the same for everybody.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className={`${styles.drop} ${over ? styles.over : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Icon name="upload" size={24} />
      <p>
        {t.documents.drop}{' '}
        <label htmlFor={input} className={styles.choose}>
          {t.documents.choose}
          <input
            id={input}
            type="file"
            multiple
            accept={ACCEPT}
            className="visually-hidden"
            data-testid="upload-input"
            onChange={(event) => {
              add(event.target.files ?? []);
              event.target.value = '';
            }}
          />
        </label>
      </p>
      <p className={styles.kinds}>{t.documents.kinds}</p>
    </div>
  );
}

function Row({ row: { name, status } }: { row: UploadRow }) {
  return (
    <li className={styles.row} data-testid="upload" data-state={status.state}>
      <span className={`${styles.mark} ${styles[status.state] ?? ''}`}>
        <Icon name={ICONS[status.state]} size={18} />
      </span>
      <span className={styles.about}>
        <span className={styles.name}>{name}</span>
        <span className={styles.status}>{describe(status)}</span>
        {status.state === 'uploading' && <progress className={styles.bar} max={100} value={status.percent} aria-label={name} />}
        {status.state === 'processing' && <progress className={styles.bar} aria-label={name} />}
      </span>
    </li>
  );
}

const ICONS = { uploading: 'upload', processing: 'document', indexed: 'check', failed: 'alert', refused: 'alert' } as const;

function describe(status: UploadState): string {
  switch (status.state) {
    case 'uploading':
      return t.documents.uploading(status.percent);
    case 'processing':
      return t.documents.processing;
    case 'indexed':
      return t.documents.indexed;
    case 'failed':
      return (/^(DOCUMENT|SCANNED)_/.test(status.code ?? '') && t.problems[status.code ?? '']) || t.documents.failed;
    case 'refused':
      return [sentence(status.problem), status.problem.traceId && t.trace(status.problem.traceId)].filter(Boolean).join(' ');
  }
}
