import type { CalculatorResult, Citation, Clarification, PhiNotice } from '../api/types';
import type { Problem } from '../api/client';

export type Phase =
  | 'idle'
  | 'connecting'
  | 'listening'
  | 'hearing'
  | 'thinking'
  | 'speaking'
  | 'muted'
  | 'reconnecting'
  | 'stalled'
  | 'offline'
  | 'locked';

export interface Turn {
  id: string;
  role: 'user' | 'assistant' | 'note';
  text: string;
  /** No more text will come. */
  final: boolean;
  /** The listener stopped it; `text` is then what was heard. */
  interrupted: boolean;
  citations: Citation[];
  notice: string;
  abstained: boolean;
  result: CalculatorResult | null;
  clarification: Clarification | null;
  /** Identifiers were said in the question, or nobody could look for them. */
  phi: PhiNotice | null;
  responseId: string | null;
  firstSoundMs: number | null;
}

export interface VoiceState {
  link: 'down' | 'connecting' | 'up' | 'reconnecting';
  /** The server was asked for and did not answer; false as soon as it does. */
  offline: boolean;
  /** The server has a newer build than this page is. */
  newer: boolean;
  handsFree: boolean;
  /** The user keeps every question on this installation. */
  local: boolean;
  /** The talk button is down, or its last frames are still being sent. */
  holding: boolean;
  /** The microphone is open; `sending` says whether its frames really go to the server. */
  microphone: boolean;
  /** The chosen microphone; null: the one the system prefers. */
  device: string | null;
  sending: boolean;
  stalled: boolean;
  muted: boolean;
  hearing: boolean;
  /** The words of a turn that still goes on, as far as they are understood; they are read anew at its end. */
  passing: string;
  /** An answer was asked for, and has not begun. */
  asked: boolean;
  /** The response the server works on. */
  active: string | null;
  /** The tool of the service that a model had called and that runs, and for which response. */
  tool: { responseId: string; name: string } | null;
  /** The model that was to answer is lost, and the service answers without it. */
  fallback: boolean;
  playing: boolean;
  /** The answer that plays waits, because somebody may have begun to speak. */
  held: boolean;
  locked: boolean;
  turns: Turn[];
  /** The turn whose sources are shown; null means the newest that has any. */
  chosen: { turn: string; n: number } | null;
  problem: Problem | null;
  /** The conversation on the server to which the turns belong. */
  conversation: string | null;
  /** The case that the conversation is about, or the next one will be. */
  caseId: string | null;
}

export const initialState: VoiceState = {
  link: 'down',
  offline: false,
  newer: false,
  handsFree: false,
  local: false,
  holding: false,
  microphone: false,
  device: null,
  sending: false,
  stalled: false,
  muted: false,
  hearing: false,
  passing: '',
  asked: false,
  active: null,
  tool: null,
  fallback: false,
  playing: false,
  held: false,
  locked: false,
  turns: [],
  chosen: null,
  problem: null,
  conversation: null,
  caseId: null,
};

export type Action =
  | { type: 'set'; values: Partial<Omit<VoiceState, 'turns'>> }
  | { type: 'turn'; id: string; role: Turn['role']; text?: string; append?: string; values?: Partial<Turn> }
  | { type: 'remove'; id: string }
  | { type: 'finish'; responseId: string }
  | { type: 'tool'; responseId: string; name: string; running: boolean }
  | { type: 'linkLost' }
  | { type: 'reach'; reached: boolean }
  /** The turns of a conversation that lies on the server; those that are here already stay. */
  | { type: 'restore'; turns: Turn[] }
  | { type: 'begin' }
  | { type: 'lock' };

export function reduce(state: VoiceState, action: Action): VoiceState {
  switch (action.type) {
    case 'set':
      return { ...state, ...action.values };
    case 'turn':
      return { ...state, turns: withTurn(state.turns, action) };
    case 'remove':
      return { ...state, turns: state.turns.filter((turn) => turn.id !== action.id) };
    case 'finish':
      return {
        ...state,
        active: state.active === action.responseId ? null : state.active,
        turns: state.turns.map((turn) => (turn.responseId === action.responseId ? { ...turn, final: true } : turn)),
      };
    case 'linkLost':
      return {
        ...state,
        hearing: false,
        passing: '',
        asked: false,
        active: null,
        sending: false,
        turns: state.turns.map((turn) => (turn.final ? turn : { ...turn, final: true })),
      };
    case 'tool':
      // Only a model calls tools: it is there again.
      return action.running ? { ...state, tool: { responseId: action.responseId, name: action.name }, fallback: false } : { ...state, tool: null };
    case 'reach':
      // A sentence that is no longer true does not stay.
      return { ...state, offline: !action.reached, problem: action.reached && state.offline && state.problem?.code === 'NETWORK' ? null : state.problem };
    case 'restore':
      return { ...state, turns: [...action.turns.filter(({ id }) => !state.turns.some((turn) => turn.id === id)), ...state.turns] };
    case 'begin':
      return { ...state, turns: [], chosen: null, asked: false, active: null, fallback: false };
    case 'lock':
      // Nothing of the conversation may stay in the page.
      return { ...initialState, locked: true };
  }
}

function withTurn(turns: Turn[], action: Extract<Action, { type: 'turn' }>): Turn[] {
  const known = turns.find((turn) => turn.id === action.id);
  const turn = known ?? newTurn(action.id, action.role);
  const changed: Turn = {
    ...turn,
    text: (action.text ?? turn.text) + (action.append ?? ''),
    ...action.values,
  };
  return known ? turns.map((other) => (other.id === action.id ? changed : other)) : [...turns, changed];
}

export function newTurn(id: string, role: Turn['role']): Turn {
  return {
    id,
    role,
    text: '',
    final: role === 'note',
    interrupted: false,
    citations: [],
    notice: '',
    abstained: false,
    result: null,
    clarification: null,
    phi: null,
    responseId: null,
    firstSoundMs: null,
  };
}

/** The one word shown to the user, derived from what really happens and never from what was intended. */
export function phaseOf(state: VoiceState): Phase {
  const wantsMicrophone = state.holding || (state.handsFree && !state.muted);
  if (state.locked) return 'locked';
  if (state.link === 'reconnecting') return 'reconnecting';
  if (state.link === 'connecting') return 'connecting';
  if (state.stalled && wantsMicrophone) return 'stalled';
  if (state.playing) return state.held ? 'hearing' : 'speaking';
  if (state.offline && state.link === 'down') return 'offline';
  if (state.hearing && state.sending) return 'hearing';
  if (state.asked || state.active !== null) return 'thinking';
  if (wantsMicrophone) return state.sending ? 'listening' : 'connecting';
  if (state.handsFree && state.muted) return 'muted';
  return 'idle';
}

/** The tool that works on the answer that is waited for; one of an answer that is over is nobody's concern. */
export function runningTool({ tool, active }: VoiceState): string | null {
  return tool !== null && tool.responseId === active ? tool.name : null;
}

export function newestAnswer(state: VoiceState): Turn | null {
  return state.turns.findLast((turn) => turn.role === 'assistant') ?? null;
}

/** The sources to show: those of the chosen turn, else of the newest turn that has any. */
export function shownTurn(state: VoiceState): Turn | null {
  const chosen = state.turns.find((turn) => turn.id === state.chosen?.turn);
  return chosen ?? state.turns.findLast((turn) => turn.citations.length > 0) ?? null;
}
