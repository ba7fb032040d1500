import { describe, expect, test } from 'vitest';
import { Problem } from '../../src/api/client';
import { initialState, newestAnswer, phaseOf, reduce, shownTurn, type VoiceState } from '../../src/voice/state';

const state = (values: Partial<VoiceState>): VoiceState => ({ ...initialState, ...values });
const UP = { link: 'up' } as const;

describe('the word shown', () => {
  test.each<[string, Partial<VoiceState>]>([
    ['idle', {}],
    ['connecting', { link: 'connecting', holding: true }],
    ['connecting', { ...UP, holding: true }],
    ['listening', { ...UP, holding: true, sending: true }],
    ['hearing', { ...UP, holding: true, sending: true, hearing: true }],
    ['thinking', { ...UP, asked: true }],
    ['thinking', { ...UP, active: 'r' }],
    ['speaking', { ...UP, active: 'r', playing: true }],
    ['speaking', { ...UP, playing: true, handsFree: true, sending: true }],
    ['muted', { ...UP, handsFree: true, muted: true }],
    ['reconnecting', { link: 'reconnecting', handsFree: true, sending: true }],
    ['stalled', { ...UP, handsFree: true, stalled: true }],
    ['idle', { ...UP, stalled: true }],
    ['offline', { offline: true, handsFree: true }],
    ['reconnecting', { offline: true, link: 'reconnecting' }],
    ['idle', { ...UP, offline: true }],
    ['speaking', { offline: true, playing: true }],
    ['locked', { locked: true, link: 'reconnecting' }],
  ])('%s', (word, values) => {
    expect(phaseOf(state(values))).toBe(word);
  });

  test('is never "listening" when no frame is sent', () => {
    expect(phaseOf(state({ ...UP, handsFree: true, microphone: true, sending: false }))).not.toBe('listening');
  });
});

describe('a server that is away', () => {
  const away = reduce(state({ problem: new Problem('NETWORK') }), { type: 'reach', reached: false });

  test('is told for as long as it is, and no sentence of it stays', () => {
    expect([away.offline, away.problem?.code]).toEqual([true, 'NETWORK']);
    expect(reduce(away, { type: 'reach', reached: true })).toEqual(initialState);
  });

  test('takes no other sentence away when it is back', () => {
    const denied = reduce({ ...away, problem: new Problem('MIC_DENIED') }, { type: 'reach', reached: true });
    expect([denied.offline, denied.problem?.code]).toEqual([false, 'MIC_DENIED']);
  });

  test('that failed a request and can be reached leaves the sentence about that', () => {
    expect(reduce(state({ problem: new Problem('NETWORK') }), { type: 'reach', reached: true }).problem?.code).toBe('NETWORK');
  });
});

describe('turns', () => {
  const first = reduce(initialState, { type: 'turn', id: 'u', role: 'user', values: { text: 'q', final: true } });
  const answer = reduce(first, { type: 'turn', id: 'a', role: 'assistant', append: 'Hel', values: { responseId: 'r' } });

  test('text is appended, replaced and finished by its response', () => {
    const more = reduce(answer, { type: 'turn', id: 'a', role: 'assistant', append: 'lo' });
    expect(more.turns.map((turn) => turn.text)).toEqual(['q', 'Hello']);
    const whole = reduce(more, { type: 'turn', id: 'a', role: 'assistant', text: 'Hello.' });
    const done = reduce({ ...whole, active: 'r' }, { type: 'finish', responseId: 'r' });
    expect(done.turns.at(-1)).toMatchObject({ text: 'Hello.', final: true });
    expect(done.active).toBeNull();
  });

  test('an older answer that ends does not end the newer one', () => {
    expect(reduce({ ...answer, active: 'r2' }, { type: 'finish', responseId: 'r' }).active).toBe('r2');
  });

  test('a lost connection leaves nothing waiting', () => {
    const lost = reduce({ ...answer, asked: true, active: 'r', sending: true, hearing: true }, { type: 'linkLost' });
    expect(lost).toMatchObject({ asked: false, active: null, sending: false, hearing: false });
    expect(lost.turns.every((turn) => turn.final)).toBe(true);
  });

  test('locking leaves nothing of the conversation', () => {
    expect(reduce(answer, { type: 'lock' })).toEqual({ ...initialState, locked: true });
  });

  test('sources are those of the chosen turn, else of the newest that has any', () => {
    const citation = { n: 1 } as VoiceState['turns'][number]['citations'][number];
    const cited = reduce(answer, { type: 'turn', id: 'a', role: 'assistant', values: { citations: [citation] } });
    const later = reduce(cited, { type: 'turn', id: 'b', role: 'assistant' });
    expect(shownTurn(initialState)).toBeNull();
    expect(shownTurn(later)?.id).toBe('a');
    expect(newestAnswer(later)?.id).toBe('b');
    expect(shownTurn({ ...later, chosen: { turn: 'b', n: 1 } })?.id).toBe('b');
  });
});
