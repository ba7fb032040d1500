import type { KeptTurn } from '../api/conversations';
import { newTurn, type Turn } from './state';

/** A turn as the server has it; notes to a model are none of the conversation. */
export function turnOf(kept: KeptTurn): Turn[] {
  if (kept.role === 'system') return [];
  const { id, role, text, interrupted, citations, notice, result, clarification } = kept;
  return [{ ...newTurn(id, role), text, final: true, interrupted, citations, notice, abstained: kept.answer === 'abstained', result, clarification }];
}
