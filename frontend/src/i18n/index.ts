import { en, type Messages } from './en';
import { es } from './es';

export type { Messages };

/** The page follows the browser's language; nothing is stored. */
export const t: Messages = navigator.language.toLowerCase().startsWith('es') ? es : en;

export function sentence(code: string): string {
  return t.problems[code] ?? t.problems['INTERNAL'] ?? '';
}
