import { useCallback, useEffect, useRef, useState } from 'react';
import { Problem } from '../../api/client';
import { jobProgress, listDocuments, uploadDocument, type Progress } from '../../api/documents';

export type UploadState = { state: 'uploading'; percent: number } | Progress | { state: 'refused'; problem: Problem };

export interface UploadRow {
  key: string;
  name: string;
  /** Sent during this visit; the others were there before. */
  uploaded: boolean;
  status: UploadState;
}

const POLL_MS = [500, 1_000, 2_000, 3_000];
const LIST_MS = 4_000;

/** The documents there were, and the uploads of this visit; each is followed until it is indexed or has failed. */
export function useUploads(csrf: string): { rows: UploadRow[]; add: (files: Iterable<File>) => void } {
  const [uploads, setUploads] = useState<UploadRow[]>([]);
  const known = useKnownDocuments();
  const sent = useRef(0);

  const add = useCallback(
    (files: Iterable<File>) => {
      for (const file of files) {
        sent.current += 1;
        let key = `upload_${sent.current}`;
        const change = (values: Partial<UploadRow>): void => {
          const before = key;
          key = values.key ?? key;
          setUploads((rows) => rows.map((row) => (row.key === before ? { ...row, ...values } : row)));
        };
        setUploads((rows) => [{ key, name: file.name, uploaded: true, status: { state: 'uploading', percent: 0 } }, ...rows]);
        void follow(file, csrf, change);
      }
    },
    [csrf],
  );
  const own = new Set(uploads.map((row) => row.key));
  return { rows: [...uploads, ...known.filter((row) => !own.has(row.key))], add };
}

/** Asks again for as long as one of them is still being read. */
function useKnownDocuments(): UploadRow[] {
  const [rows, setRows] = useState<UploadRow[]>([]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const load = async (): Promise<void> => {
      // Without the list the panel still takes files; what is wrong shows there.
      const documents = await listDocuments().catch(() => []);
      if (gone) return;
      setRows(documents.map(({ id, name, progress }) => ({ key: id, name, uploaded: false, status: progress })));
      if (documents.some((document) => document.progress.state === 'processing')) timer = setTimeout(() => void load(), LIST_MS);
    };
    void load();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, []);
  return rows;
}

/** The row takes the document's id as soon as it is known, and so replaces an older row of the same document. */
async function follow(file: File, csrf: string, change: (values: Partial<UploadRow>) => void): Promise<void> {
  try {
    const { documentId, jobId } = await uploadDocument(file, csrf, (percent) => change({ status: { state: 'uploading', percent } }));
    change({ key: documentId, status: { state: 'processing' } });
    for (let round = 0; ; round++) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS[round] ?? POLL_MS.at(-1)));
      const status = await jobProgress(jobId);
      change({ status });
      if (status.state !== 'processing') return;
    }
  } catch (error) {
    change({ status: { state: 'refused', problem: error instanceof Problem ? error : new Problem('INTERNAL') } });
  }
}
