import { call } from './client';
import type { CalculatorResult, Citation, Clarification } from './types';

/** A conversation in a list (functions/conversations/schema.py). */
export interface Summary {
  id: string;
  title: string;
  summary?: string;
  items: number;
  started_at: string;
  updated_at: string;
  expires_at: string;
}

export interface KeptTurn {
  id: string;
  seq: number;
  role: 'user' | 'assistant' | 'system';
  text: string;
  interrupted: boolean;
  citations: Citation[];
  notice: string;
  answer: string | null;
  result: CalculatorResult | null;
  clarification: Clarification | null;
}

export interface Kept extends Summary {
  turns: KeptTurn[];
}

export interface Listed {
  items: Summary[];
  next_cursor: string | null;
  keep_days: number;
}

export interface Hits {
  items: (Summary & { snippet: string })[];
  complete: boolean;
}

const PATH = '/api/v1/conversations';
export type Format = 'json' | 'pdf' | 'fhir';

/** @throws {Problem} */
export async function listConversations(limit: number, cursor?: string): Promise<Listed> {
  return (await call(`${PATH}?limit=${limit}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)) as Listed;
}

/** What is looked for stands in the body, so that no address holds it. @throws {Problem} */
export async function searchConversations(csrf: string, query: string): Promise<Hits> {
  return (await call(`${PATH}/search`, { method: 'POST', csrf, body: { query } })) as Hits;
}

/** @throws {Problem} */
export async function openConversation(id: string): Promise<Kept> {
  return (await call(`${PATH}/${encodeURIComponent(id)}`)) as Kept;
}

const RESUMED_MS = 300_000;

/** The conversation that was open in this page until it was loaded again; the browser keeps nothing of it. @throws {Problem} */
export async function conversationBefore(): Promise<Kept | null> {
  const [navigation] = performance.getEntriesByType('navigation');
  if ((navigation as PerformanceNavigationTiming | undefined)?.type !== 'reload') return null;
  const [newest] = (await listConversations(1)).items;
  if (newest === undefined || Date.now() - Date.parse(newest.updated_at) > RESUMED_MS) return null;
  return openConversation(newest.id);
}

/** One, or without an id all of them. @throws {Problem} */
export async function deleteConversation(csrf: string, id?: string): Promise<void> {
  await call(id === undefined ? PATH : `${PATH}/${encodeURIComponent(id)}`, { method: 'DELETE', csrf });
}

export function exportAddress(id: string, format: Format): string {
  return `${PATH}/${encodeURIComponent(id)}/export?format=${format}`;
}
