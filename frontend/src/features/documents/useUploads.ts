import { useCallback, useRef, useState } from 'react';
import { Problem } from '../../api/client';
import { jobProgress, uploadDocument, type Progress } from '../../api/documents';

export type UploadState = { state: 'uploading'; percent: number } | Progress | { state: 'refused'; problem: Problem };

export interface UploadRow {
  key: number;
  name: string;
  status: UploadState;
}

const POLL_MS = [500, 1_000, 2_000, 3_000];

/** The uploads of this visit; each is followed until its document is indexed or has failed. */
export function useUploads(csrf: string): { rows: UploadRow[]; add: (files: Iterable<File>) => void } {
  const [rows, setRows] = useState<UploadRow[]>([]);
  const counter = useRef(0);

  const update = useCallback((key: number, status: UploadState) => {
    setRows((before) => before.map((row) => (row.key === key ? { ...row, status } : row)));
  }, []);

  const add = useCallback(
    (files: Iterable<File>) => {
      for (const file of files) {
        counter.current += 1;
        const key = counter.current;
        setRows((before) => [{ key, name: file.name, status: { state: 'uploading', percent: 0 } }, ...before]);
        void follow(file, csrf, (status) => update(key, status));
      }
    },
    [csrf, update],
  );
  return { rows, add };
}

async function follow(file: File, csrf: string, report: (status: UploadState) => void): Promise<void> {
  try {
    const { jobId } = await uploadDocument(file, csrf, (percent) => report({ state: 'uploading', percent }));
    report({ state: 'processing' });
    for (let round = 0; ; round++) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS[round] ?? POLL_MS.at(-1)));
      const progress = await jobProgress(jobId);
      report(progress);
      if (progress.state !== 'processing') return;
    }
  } catch (error) {
    report({ state: 'refused', problem: error instanceof Problem ? error : new Problem('INTERNAL') });
  }
}
