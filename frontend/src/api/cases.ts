import { call } from './client';

/** As functions/conversations/case_schema.py and note_schema.py have them. */
export const KINDS = ['person', 'problem', 'medication', 'allergy', 'lab', 'vital', 'note'] as const;
export type Kind = (typeof KINDS)[number];

export interface Fact {
  id: string;
  kind: Kind;
  text: string;
  at: string | null;
  told_at: string;
}

export interface CaseSummary {
  id: string;
  title: string;
  rounds: boolean;
  updated_at: string;
  expires_at: string;
}

export interface Case extends CaseSummary {
  facts: Fact[];
}

export interface Rounds {
  seconds_left: number;
}

export type NoteForm = 'ap' | 'soap';
export type SectionName = 'subjective' | 'objective' | 'assessment' | 'plan';

export interface Sentence {
  id: string;
  text: string;
  origin: { kind: 'fact' | 'answer' | 'calculator' | 'author' };
  edited: boolean;
}

export interface NoteSummary {
  id: string;
  title: string;
  state: 'draft' | 'signed';
  case_id: string | null;
  created_at: string;
  expires_at: string;
}

export interface Note extends NoteSummary {
  revision: number;
  sections: { name: SectionName; sentences: Sentence[] }[];
  sources: { n: number; title: string; section: string | null; year: number | null; source: string }[];
  watermark: string | null;
  signed_by: string | null;
  signed_at: string | null;
}

export interface EditedSection {
  name: SectionName;
  sentences: { id?: string; text: string }[];
}

const CASES = '/api/v1/cases';
const ROUNDS = '/api/v1/rounds';
const NOTES = '/api/v1/notes';

function at(path: string, id: string): string {
  return `${path}/${encodeURIComponent(id)}`;
}

/** @throws {Problem} as all of these do */
export async function listCases(): Promise<CaseSummary[]> {
  return ((await call(`${CASES}?limit=200`)) as { items: CaseSummary[] }).items;
}

export async function openCase(id: string): Promise<Case> {
  return (await call(at(CASES, id))) as Case;
}

export async function makeCase(csrf: string, title: string, rounds: boolean, person: string): Promise<Case> {
  const facts = person === '' ? [] : [{ kind: 'person', text: person }];
  return (await call(CASES, { method: 'POST', csrf, body: { title, rounds, facts } })) as Case;
}

export async function tellFact(csrf: string, id: string, kind: Kind, text: string): Promise<Case> {
  return (await call(`${at(CASES, id)}/facts`, { method: 'POST', csrf, body: { facts: [{ kind, text }] } })) as Case;
}

export async function eraseFact(csrf: string, id: string, fact: string): Promise<void> {
  await call(at(`${at(CASES, id)}/facts`, fact), { method: 'DELETE', csrf });
}

export async function deleteCase(csrf: string, id: string): Promise<void> {
  await call(at(CASES, id), { method: 'DELETE', csrf });
}

export async function showRounds(): Promise<Rounds> {
  return (await call(ROUNDS)) as Rounds;
}

export async function startRounds(csrf: string): Promise<Rounds> {
  return (await call(ROUNDS, { method: 'POST', csrf })) as Rounds;
}

export async function endRounds(csrf: string): Promise<void> {
  await call(ROUNDS, { method: 'DELETE', csrf });
}

export async function listNotes(): Promise<NoteSummary[]> {
  return ((await call(`${NOTES}?limit=50`)) as { items: NoteSummary[] }).items;
}

export async function openNote(id: string): Promise<Note> {
  return (await call(at(NOTES, id))) as Note;
}

export async function draftNote(csrf: string, format: NoteForm, from: { conversation_id?: string; case_id?: string }): Promise<Note> {
  return (await call(NOTES, { method: 'POST', csrf, body: { format, ...from } })) as Note;
}

export async function editNote(csrf: string, note: Note, sections: EditedSection[]): Promise<Note> {
  return (await call(at(NOTES, note.id), { method: 'PUT', csrf, body: { revision: note.revision, sections } })) as Note;
}

export async function signNote(csrf: string, note: Note): Promise<Note> {
  return (await call(`${at(NOTES, note.id)}/sign`, { method: 'POST', csrf, body: { revision: note.revision } })) as Note;
}

export async function deleteNote(csrf: string, id: string): Promise<void> {
  await call(at(NOTES, id), { method: 'DELETE', csrf });
}

export function noteAddress(id: string, format: 'pdf' | 'fhir'): string {
  return `${at(NOTES, id)}/export?format=${format}`;
}
