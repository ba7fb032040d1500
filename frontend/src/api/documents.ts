import { call, Problem, problemOf } from './client';

/** Where an uploaded document stands. */
export type Progress = { state: 'processing' } | { state: 'indexed' } | { state: 'failed'; code: string | null };

export interface Upload {
  documentId: string;
  jobId: string;
}

/** Sends one file; `onProgress` hears 0 to 100. XMLHttpRequest, because fetch cannot tell how far an upload came. */
export function uploadDocument(file: File, csrf: string, onProgress: (percent: number) => void): Promise<Upload> {
  const form = new FormData();
  form.append('file', file);
  form.append('visibility', 'private');
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/api/v1/documents');
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('x-csrf-token', csrf);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? Math.round((loaded / total) * 100) : 0);
    request.onerror = () => reject(new Problem('NETWORK'));
    request.onload = () => {
      if (request.status >= 300) {
        reject(problemOf(request.status, request.responseText));
        return;
      }
      const body = JSON.parse(request.responseText) as { id: string; job_id: string };
      resolve({ documentId: body.id, jobId: body.job_id });
    };
    request.send(form);
  });
}

/** How far the job of an upload came. @throws {Problem} */
export async function jobProgress(jobId: string): Promise<Progress> {
  const job = (await call(`/api/v1/jobs/${encodeURIComponent(jobId)}`)) as { state: string; error_code: string | null };
  return progress(job.state, job.error_code);
}

export interface KnownDocument {
  id: string;
  name: string;
  progress: Progress;
}

/** The newest documents this user may ask about. @throws {Problem} */
export async function listDocuments(): Promise<KnownDocument[]> {
  const page = (await call('/api/v1/documents?limit=20')) as { items: { id: string; title: string; status: string }[] };
  return page.items.map(({ id, title, status }) => ({ id, name: title, progress: progress(status, null) }));
}

function progress(state: string, code: string | null): Progress {
  // Superseded: a newer version of the same document can be found in its place.
  if (state === 'completed' || state === 'superseded') return { state: 'indexed' };
  if (state === 'failed' || state === 'dead' || state === 'cancelled') return { state: 'failed', code };
  return { state: 'processing' };
}
