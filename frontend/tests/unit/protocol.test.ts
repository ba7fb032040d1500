import { expect, test } from 'vitest';
import { client, decode } from '../../src/audio/transport/protocol';

const wire = (event: object): ReturnType<typeof decode> => decode(JSON.stringify(event));

test.each([
  ['no JSON', '{'],
  ['no object', '[]'],
  ['no type', '{}'],
  ['an unknown type', '{"type":"rate_limits.updated"}'],
  ['a missing field', '{"type":"response.output_audio.delta","response_id":"r"}'],
  ['a field of the wrong kind', '{"type":"input_audio_buffer.committed","item_id":3}'],
  ['audio that is none', '{"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":"*"}'],
  ['a name of the prototype', '{"type":"constructor"}'],
])('%s is passed over', (_name, raw) => {
  expect(decode(raw)).toBeNull();
});

test('audio arrives as samples', () => {
  const event = wire({ type: 'response.output_audio.delta', response_id: 'r', item_id: 'i', delta: 'AQD//w==' });
  expect(event).toEqual({ kind: 'audio', responseId: 'r', itemId: 'i', pcm: Int16Array.of(1, -1) });
});

test('items give their words, whether written or spoken', () => {
  const item = (content: object[]) => wire({ type: 'conversation.item.added', item: { id: 'i', role: 'user', content } });
  expect(item([{ type: 'input_text', text: 'hello' }])).toEqual({ kind: 'item', itemId: 'i', role: 'user', text: 'hello' });
  expect(item([{ type: 'input_audio', transcript: null }])).toMatchObject({ text: '' });
  expect(wire({ type: 'conversation.item.retrieved', item: { id: 'i', role: 'assistant', content: [{ type: 'output_audio', transcript: 'heard this' }] } })).toEqual({
    kind: 'heardText',
    itemId: 'i',
    text: 'heard this',
  });
});

test('our own events carry their answer', () => {
  const place = { response_id: 'r', item_id: 'i' };
  expect(wire({ type: 'voiceassist.citation.list', ...place, citations: [{ n: 1 }], status: 'abstained', notice: 'n' })).toEqual({
    kind: 'citations',
    responseId: 'r',
    itemId: 'i',
    citations: [{ n: 1 }],
    notice: 'n',
    abstained: true,
  });
  expect(wire({ type: 'voiceassist.clarify.ask', ...place, question: 'q', options: ['a', 1], slot: 's' })).toMatchObject({
    clarification: { question: 'q', options: ['a'] },
  });
  expect(wire({ type: 'voiceassist.phi.notice', ...place, route: 'local', reason: 'identifiers' })).toEqual({
    kind: 'phi',
    responseId: 'r',
    itemId: 'i',
    phi: { route: 'local', reason: 'identifiers' },
  });
  expect(wire({ type: 'voiceassist.phi.notice', ...place, route: 'moon' })).toMatchObject({ phi: { route: 'cloud', reason: 'unchecked' } });
  expect(wire({ type: 'voiceassist.phi.notice', ...place })).toBeNull();
  expect(wire({ type: 'voiceassist.tool.use', ...place, name: 'renal_dose', status: 'started' })).toEqual({ kind: 'tool', responseId: 'r', itemId: 'i', name: 'renal_dose', running: true });
  expect(wire({ type: 'voiceassist.tool.use', ...place, name: 'renal_dose', status: 'finished' })).toMatchObject({ running: false });
  expect(wire({ type: 'voiceassist.tool.use', ...place, status: 'finished' })).toBeNull();
  expect(wire({ type: 'voiceassist.engine.fallback', ...place, engine: 'local', reason: 'unavailable' })).toEqual({ kind: 'fallback' });
  expect(wire({ type: 'voiceassist.metrics', response_id: 'r', first_audio_ms: null })).toMatchObject({ metrics: { firstAudioMs: null } });
});

test('errors give their code and the event they answer', () => {
  expect(wire({ type: 'error', error: { code: 'session_expired', event_id: 'ask_1' } })).toEqual({ kind: 'error', code: 'session_expired', eventId: 'ask_1' });
  expect(wire({ type: 'error', error: { code: null } })).toEqual({ kind: 'error', code: 'INTERNAL', eventId: null });
});

test('the session asks for our events, and for turn detection only in hands-free mode', () => {
  const session = (handsFree: boolean) => client.session(handsFree)['session'] as { voiceassist: object; audio: { input: { turn_detection: object | null } } };
  expect(session(true).voiceassist).toEqual({ extensions: true, route: 'auto' });
  expect(client.session(true, true)['session']).toMatchObject({ voiceassist: { extensions: true, route: 'local' } });
  expect(session(true).audio.input.turn_detection).toMatchObject({ type: 'semantic_vad', eagerness: 'auto', create_response: true, interrupt_response: true });
  expect(session(false).audio.input.turn_detection).toBeNull();
});

test('audio and truncation have the shapes of the Realtime API', () => {
  expect(client.append(Int16Array.of(1, -1))).toEqual({ type: 'input_audio_buffer.append', audio: 'AQD//w==' });
  expect(client.truncate('i', 12)).toEqual({ type: 'conversation.item.truncate', item_id: 'i', content_index: 0, audio_end_ms: 12 });
});
