import { en, type Messages } from './en';
import { es } from './es';

export type { Messages };

/** The page follows the browser's language. */
export const t: Messages = navigator.language.toLowerCase().startsWith('es') ? es : en;

/** A plain sentence for a problem: by its code, else by the kind of refusal. */
export function sentence({ code, status = 0 }: { code: string; status?: number }): string {
  const known = Object.hasOwn(t.problems, code) ? code : (BY_STATUS[status] ?? 'INTERNAL');
  return t.problems[known] ?? '';
}

/** What a tool of the service does; one that is newer than this page is told without its name. */
export function toolLine(name: string): string {
  return (Object.hasOwn(t.tools, name) ? t.tools[name] : undefined) ?? t.toolUnknown;
}

/** A moment of the server as a day in the reader's language and time zone. */
export function day(moment: string): string {
  return new Date(moment).toLocaleDateString(t.language, { dateStyle: 'medium' });
}

/** For how long conversations are kept, as a sentence; null: not known yet. */
export function keeping(days: number | null): string {
  if (days === null) return t.history.unknown;
  return days === 0 ? t.history.notKept : t.history.kept(days);
}

const BY_STATUS: Partial<Record<number, string>> = {
  400: 'VALIDATION_ERROR',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_FORMAT',
  422: 'VALIDATION_ERROR',
  429: 'RATE_LIMITED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'TOOL_TIMEOUT',
};
