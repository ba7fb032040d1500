import type { CalculatorResult, Citation, Clarification, Metrics, PhiNotice } from '../../api/types';
import { WIRE_RATE, fromBase64, toBase64 } from '../pcm';

/** What the page needs to know of a server event, with every field checked. */
export type ServerEvent =
  | { kind: 'created' }
  | { kind: 'updated' }
  | { kind: 'speechStarted' }
  | { kind: 'speechStopped' }
  | { kind: 'committed'; itemId: string }
  | { kind: 'item'; itemId: string; role: 'user' | 'assistant'; text: string }
  | { kind: 'deleted'; itemId: string }
  | { kind: 'heardText'; itemId: string; text: string }
  | { kind: 'transcriptDelta'; itemId: string; delta: string }
  | { kind: 'transcript'; itemId: string; text: string }
  | { kind: 'transcriptFailed'; itemId: string }
  | { kind: 'responseCreated'; responseId: string }
  | { kind: 'textDelta'; responseId: string; itemId: string; delta: string }
  | { kind: 'text'; responseId: string; itemId: string; text: string }
  | { kind: 'audio'; responseId: string; itemId: string; pcm: Int16Array }
  | { kind: 'audioDone'; responseId: string; itemId: string }
  | { kind: 'responseDone'; responseId: string; status: string }
  | { kind: 'passing'; text: string }
  | { kind: 'hold' }
  | { kind: 'resume'; itemId: string; ms: number }
  | { kind: 'status'; state: string }
  | { kind: 'citations'; responseId: string; itemId: string; citations: Citation[]; notice: string; abstained: boolean }
  | { kind: 'calculator'; responseId: string; itemId: string; result: CalculatorResult }
  | { kind: 'clarify'; responseId: string; itemId: string; clarification: Clarification }
  | { kind: 'phi'; responseId: string; itemId: string; phi: PhiNotice }
  | { kind: 'tool'; responseId: string; itemId: string; name: string; running: boolean }
  | { kind: 'fallback' }
  | { kind: 'resumable'; token: string; conversationId: string }
  | { kind: 'resumed'; conversationId: string; seq: number }
  /** The case that the conversation is about; null: it is there no more. */
  | { kind: 'case'; caseId: string | null }
  | { kind: 'saved'; conversationId: string; itemId: string; seq: number }
  | { kind: 'metrics'; responseId: string; metrics: Metrics }
  | { kind: 'error'; code: string; eventId: string | null };

type Wire = Record<string, unknown>;

/** @returns null for an event the page has no use for, and for anything malformed. */
export function decode(raw: string): ServerEvent | null {
  try {
    const event: unknown = JSON.parse(raw);
    if (!isRecord(event) || typeof event['type'] !== 'string') return null;
    return Object.hasOwn(DECODERS, event['type']) ? (DECODERS[event['type']]?.(event) ?? null) : null;
  } catch {
    return null;
  }
}

const DECODERS: Partial<Record<string, (event: Wire) => ServerEvent>> = {
  'session.created': () => ({ kind: 'created' }),
  'session.updated': () => ({ kind: 'updated' }),
  'input_audio_buffer.speech_started': () => ({ kind: 'speechStarted' }),
  'input_audio_buffer.speech_stopped': () => ({ kind: 'speechStopped' }),
  'input_audio_buffer.committed': (event) => ({ kind: 'committed', itemId: text(event, 'item_id') }),
  'conversation.item.added': item,
  'conversation.item.deleted': (event) => ({ kind: 'deleted', itemId: text(event, 'item_id') }),
  'conversation.item.retrieved': (event) => {
    const found = item(event);
    return { kind: 'heardText', itemId: found.itemId, text: found.text };
  },
  'conversation.item.input_audio_transcription.delta': (event) => ({
    kind: 'transcriptDelta',
    itemId: text(event, 'item_id'),
    delta: text(event, 'delta'),
  }),
  'conversation.item.input_audio_transcription.completed': (event) => ({
    kind: 'transcript',
    itemId: text(event, 'item_id'),
    text: text(event, 'transcript').trim(),
  }),
  'conversation.item.input_audio_transcription.failed': (event) => ({ kind: 'transcriptFailed', itemId: text(event, 'item_id') }),
  'response.created': (event) => ({ kind: 'responseCreated', responseId: text(record(event, 'response'), 'id') }),
  'response.output_audio_transcript.delta': (event) => ({ kind: 'textDelta', ...place(event), delta: text(event, 'delta') }),
  'response.output_audio_transcript.done': (event) => ({ kind: 'text', ...place(event), text: text(event, 'transcript') }),
  'response.output_text.delta': (event) => ({ kind: 'textDelta', ...place(event), delta: text(event, 'delta') }),
  'response.output_text.done': (event) => ({ kind: 'text', ...place(event), text: text(event, 'text') }),
  'response.output_audio.delta': (event) => ({ kind: 'audio', ...place(event), pcm: fromBase64(text(event, 'delta')) }),
  'response.output_audio.done': (event) => ({ kind: 'audioDone', ...place(event) }),
  'response.done': (event) => {
    const response = record(event, 'response');
    return { kind: 'responseDone', responseId: text(response, 'id'), status: text(response, 'status') };
  },
  'voiceassist.transcript.passing': (event) => ({ kind: 'passing', text: text(event, 'text') }),
  'voiceassist.playback.hold': () => ({ kind: 'hold' }),
  'voiceassist.playback.resume': (event) => {
    const again = typeof event['item_id'] === 'string';
    return { kind: 'resume', itemId: again ? text(event, 'item_id') : '', ms: again ? number(event, 'audio_ms') : 0 };
  },
  'voiceassist.status': (event) => ({ kind: 'status', state: text(event, 'state') }),
  'voiceassist.citation.list': (event) => ({
    kind: 'citations',
    ...place(event),
    citations: list(event, 'citations') as Citation[],
    notice: typeof event['notice'] === 'string' ? event['notice'] : '',
    abstained: event['status'] === 'abstained',
  }),
  'voiceassist.calculator.result': (event) => ({
    kind: 'calculator',
    ...place(event),
    result: record(event, 'result') as unknown as CalculatorResult,
  }),
  'voiceassist.clarify.ask': (event) => ({
    kind: 'clarify',
    ...place(event),
    clarification: { question: text(event, 'question'), options: list(event, 'options').filter((option) => typeof option === 'string') },
  }),
  'voiceassist.phi.notice': (event) => ({
    kind: 'phi',
    ...place(event),
    // What is not known to have stayed inside is shown as having left, and what nobody looked at as unchecked.
    phi: {
      route: text(event, 'route') === 'local' ? 'local' : 'cloud',
      reason: event['reason'] === 'identifiers' ? 'identifiers' : 'unchecked',
    },
  }),
  'voiceassist.tool.use': (event) => ({ kind: 'tool', ...place(event), name: text(event, 'name'), running: text(event, 'status') === 'started' }),
  'voiceassist.engine.fallback': () => ({ kind: 'fallback' }),
  'voiceassist.context.updated': (event) => ({ kind: 'case', caseId: typeof event['case_id'] === 'string' ? event['case_id'] : null }),
  'voiceassist.session.resumable': (event) => ({ kind: 'resumable', token: text(event, 'token'), conversationId: text(event, 'conversation_id') }),
  'voiceassist.session.resumed': (event) => ({ kind: 'resumed', conversationId: text(event, 'conversation_id'), seq: number(event, 'seq') }),
  'voiceassist.conversation.saved': (event) => ({
    kind: 'saved',
    conversationId: text(event, 'conversation_id'),
    itemId: text(event, 'item_id'),
    seq: number(event, 'seq'),
  }),
  'voiceassist.metrics': (event) => ({
    kind: 'metrics',
    responseId: text(event, 'response_id'),
    metrics: { firstAudioMs: typeof event['first_audio_ms'] === 'number' ? event['first_audio_ms'] : null },
  }),
  error: (event) => {
    const error = record(event, 'error');
    return {
      kind: 'error',
      code: typeof error['code'] === 'string' ? error['code'] : 'INTERNAL',
      eventId: typeof error['event_id'] === 'string' ? error['event_id'] : null,
    };
  },
};

function item(event: Wire): Extract<ServerEvent, { kind: 'item' }> {
  const body = record(event, 'item');
  const parts = Array.isArray(body['content']) ? body['content'].filter(isRecord) : [];
  const words = parts.map((part) => part['text'] ?? part['transcript']).filter((part) => typeof part === 'string');
  return {
    kind: 'item',
    itemId: text(body, 'id'),
    role: body['role'] === 'user' ? 'user' : 'assistant',
    text: words.join(' ').trim(),
  };
}

function place(event: Wire): { responseId: string; itemId: string } {
  return { responseId: text(event, 'response_id'), itemId: text(event, 'item_id') };
}

function isRecord(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function record(event: Wire, name: string): Wire {
  const value = event[name];
  if (!isRecord(value)) throw new TypeError(name);
  return value;
}

function text(event: Wire, name: string): string {
  const value = event[name];
  if (typeof value !== 'string') throw new TypeError(name);
  return value;
}

function number(event: Wire, name: string): number {
  const value = event[name];
  if (typeof value !== 'number') throw new TypeError(name);
  return value;
}

function list(event: Wire, name: string): unknown[] {
  const value = event[name];
  if (!Array.isArray(value)) throw new TypeError(name);
  return value;
}

export type ClientEvent = { type: string; event_id?: string } & Record<string, unknown>;

const PCM = { type: 'audio/pcm', rate: WIRE_RATE };

/** Client events, one function each; names and shapes are those of the OpenAI Realtime API. */
export const client = {
  /** `local`: nothing said here may go to a model outside. */
  session: (handsFree: boolean, local = false): ClientEvent => ({
    type: 'session.update',
    session: {
      type: 'realtime',
      output_modalities: ['audio'],
      audio: {
        input: {
          format: PCM,
          transcription: { model: 'whisper-1' },
          turn_detection: handsFree ? { type: 'semantic_vad', eagerness: 'auto', create_response: true, interrupt_response: true } : null,
        },
        output: { format: PCM },
      },
      voiceassist: { extensions: true, route: local ? 'local' : 'auto' },
    },
  }),
  /** Go on with a conversation whose connection was lost; `after` is the last change of it that was seen. */
  resume: (open: { conversation: string; token: string | null; seq: number }): ClientEvent => ({
    type: 'voiceassist.session.resume',
    event_id: 'resume',
    ...(open.token === null ? { conversation_id: open.conversation } : { token: open.token }),
    after: open.seq,
  }),
  /** The conversation is about this case from now on. */
  context: (caseId: string): ClientEvent => ({ type: 'voiceassist.context.update', event_id: 'context', case_id: caseId }),
  append: (pcm: Int16Array): ClientEvent => ({ type: 'input_audio_buffer.append', audio: toBase64(pcm) }),
  commit: (): ClientEvent => ({ type: 'input_audio_buffer.commit' }),
  discard: (): ClientEvent => ({ type: 'input_audio_buffer.clear' }),
  answer: (eventId: string): ClientEvent => ({ type: 'response.create', event_id: eventId }),
  cancel: (responseId?: string): ClientEvent => ({ type: 'response.cancel', ...(responseId ? { response_id: responseId } : {}) }),
  say: (words: string): ClientEvent => ({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: words }] },
  }),
  truncate: (itemId: string, ms: number): ClientEvent => ({
    type: 'conversation.item.truncate',
    item_id: itemId,
    content_index: 0,
    audio_end_ms: ms,
  }),
  retrieve: (itemId: string): ClientEvent => ({ type: 'conversation.item.retrieve', item_id: itemId }),
  position: (itemId: string, ms: number): ClientEvent => ({ type: 'voiceassist.playback.position', item_id: itemId, audio_ms: ms }),
};
