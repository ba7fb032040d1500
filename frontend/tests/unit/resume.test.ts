import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Kept } from '../../src/api/conversations';
import { Session } from '../../src/voice/session';
import { Store } from '../../src/voice/store';
import { FakeAudio, FakeService, settle } from './fakes';

let store: Store;
let service: FakeService;
let audio: FakeAudio;
let session: Session;
let before: () => Promise<Kept | null>;

const KEPT: Kept = {
  id: 'c1',
  title: 'What is sepsis?',
  items: 2,
  started_at: '2026-11-29T10:00:00Z',
  updated_at: '2026-11-29T10:01:00Z',
  expires_at: '2026-12-29T10:01:00Z',
  turns: [
    { id: 'i1', seq: 1, role: 'user', text: 'What is sepsis?', interrupted: false, citations: [], notice: '', answer: null, result: null, clarification: null },
    { id: 'i2', seq: 4, role: 'assistant', text: 'Sepsis is', interrupted: true, citations: [], notice: 'Check.', answer: 'abstained', result: null, clarification: null },
    { id: 'i3', seq: 2, role: 'system', text: 'x', interrupted: false, citations: [], notice: '', answer: null, result: null, clarification: null },
  ],
};

beforeEach(() => {
  vi.useFakeTimers();
  before = () => Promise.resolve(null);
  store = new Store();
  service = new FakeService();
  session = new Session({
    store,
    ticket: () => Promise.resolve('wt_1'),
    connect: service.connect,
    audio: (handlers) => (audio = new FakeAudio(handlers)),
    signedOut: vi.fn(),
    before: () => before(),
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const tick = async (ms = 0): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
};

/** A hands-free session that may be gone on with. */
async function offered(): Promise<void> {
  session.setHandsFree(true);
  await tick();
  service.accept();
  service.say({ type: 'voiceassist.session.resumable', token: 'vr_1', conversation_id: 'c1', expires_in: 300 });
  await tick();
}

/** The connection breaks, and another one stands, as far as the service's first word. */
async function reconnected(): Promise<void> {
  service.drop();
  await tick(250);
  service.say({ type: 'session.created' });
}

const resumed = (seq = 2): void => service.say({ type: 'voiceassist.session.resumed', conversation_id: 'c1', seq });
const notes = (): number => store.get().turns.filter((turn) => turn.role === 'note').length;

describe('a lost connection', () => {
  test('goes on with the token and the last change seen, before anything else, and no word is lost', async () => {
    await offered();
    audio.frames(3);
    service.say({ type: 'voiceassist.conversation.saved', conversation_id: 'c1', item_id: 'i1', seq: 7 });
    service.sent.length = 0;
    service.drop();
    audio.frames(5);
    await tick(250);
    service.say({ type: 'session.created' });
    expect(service.sent.map(({ type }) => type)).toEqual(['voiceassist.session.resume', 'session.update']);
    expect(service.sent[0]).toMatchObject({ token: 'vr_1', after: 7 });
    service.say({ type: 'session.updated' });
    resumed(7);
    expect(service.of('input_audio_buffer.append')).toHaveLength(5);
    expect([notes(), store.get().problem, store.get().link]).toEqual([0, null, 'up']);
  });

  test('keeps five seconds of sound and no more', async () => {
    await offered();
    service.sent.length = 0;
    service.drop();
    audio.frames(600);
    await tick(250);
    service.accept();
    expect(service.of('input_audio_buffer.append')).toHaveLength(500);
  });

  test('a token is used once; the next try goes by the conversation', async () => {
    await offered();
    await reconnected();
    service.drop(); // before the service answered
    await tick(500);
    service.say({ type: 'session.created' });
    expect(service.of('voiceassist.session.resume').at(-1)).toMatchObject({ conversation_id: 'c1' });
    expect(service.of('voiceassist.session.resume').at(-1)).not.toHaveProperty('token');
  });

  test('turns that were missed are shown, and half an answer that nobody heard is gone', async () => {
    await offered();
    const place = { response_id: 'r1', item_id: 'half' };
    service.say({ type: 'response.created', response: { id: 'r1' } });
    service.say({ type: 'response.output_audio_transcript.delta', ...place, delta: 'Offer' });
    await reconnected();
    service.say({ type: 'session.updated' });
    service.say({ type: 'conversation.item.added', item: { id: 'missed', role: 'user', content: [{ type: 'input_audio', transcript: 'And then?' }] } });
    resumed();
    expect(store.get().turns.map(({ id, text, final }) => [id, text, final])).toEqual([['missed', 'And then?', true]]);
  });

  test('half an answer that was heard stays as the service has it', async () => {
    await offered();
    const place = { response_id: 'r1', item_id: 'half' };
    service.say({ type: 'response.created', response: { id: 'r1' } });
    service.say({ type: 'response.output_audio_transcript.delta', ...place, delta: 'Offer an oral' });
    await reconnected();
    service.say({ type: 'session.updated' });
    service.say({ type: 'conversation.item.added', item: { id: 'half', role: 'assistant', content: [{ type: 'output_audio', transcript: 'Offer' }] } });
    resumed();
    expect(store.get().turns).toMatchObject([{ id: 'half', text: 'Offer', final: true }]);
  });

  test('a held button goes on: what is said meanwhile follows, and then it is asked', async () => {
    session.talkStart();
    await tick();
    service.accept();
    service.say({ type: 'voiceassist.session.resumable', token: 'vr_1', conversation_id: 'c1', expires_in: 300 });
    await tick();
    audio.frames(20);
    service.drop();
    audio.frames(20);
    session.talkEnd();
    audio.frames(16);
    service.sent.length = 0;
    await tick(250);
    service.accept();
    resumed();
    expect(service.of('input_audio_buffer.append')).toHaveLength(36);
    expect(service.sent.slice(-2).map(({ type }) => type)).toEqual(['input_audio_buffer.commit', 'response.create']);
    expect(store.get().problem).toBeNull();
  });

  test('an answer that is owed is waited for, and its absence is said', async () => {
    await offered();
    service.say({ type: 'response.created', response: { id: 'r1' } });
    await reconnected();
    service.say({ type: 'session.updated' });
    resumed();
    expect(store.get().asked).toBe(true);
    await tick(30_000);
    expect(store.get().problem?.code).toBe('NO_ANSWER');
  });

  test('a refusal is said, and a new conversation begins', async () => {
    await offered();
    service.say({ type: 'conversation.item.added', item: { id: 'i1', role: 'user', content: [{ type: 'input_text', text: 'What is sepsis?' }] } });
    service.say({ type: 'response.created', response: { id: 'r1' } });
    await reconnected();
    service.say({ type: 'error', error: { code: 'session_not_resumable', event_id: 'resume' } });
    service.say({ type: 'session.updated' });
    expect([notes(), store.get().problem?.code, store.get().conversation]).toEqual([1, 'CONNECTION_LOST', null]);
    await reconnected();
    expect(service.of('voiceassist.session.resume')).toHaveLength(1);
  });
});

describe('a page that was loaded again', () => {
  test('shows the turns of the conversation and goes on with it when it is asked', async () => {
    before = () => Promise.resolve(KEPT);
    await session.restore();
    expect(store.get().turns).toMatchObject([
      { id: 'i1', role: 'user', text: 'What is sepsis?', final: true },
      { id: 'i2', role: 'assistant', text: 'Sepsis is', interrupted: true, abstained: true, final: true },
    ]);
    void session.say('And then?');
    await tick();
    service.accept();
    expect(service.sent[0]).toMatchObject({ type: 'voiceassist.session.resume', conversation_id: 'c1', after: 4 });
  });

  test('begins anew where nothing can be had, and does not overwrite what was asked meanwhile', async () => {
    before = () => Promise.reject(new Error('down'));
    await session.restore();
    expect(store.get().turns).toEqual([]);
    before = () => Promise.resolve(KEPT);
    store.dispatch({ type: 'turn', id: 'new', role: 'user', text: 'x' });
    await session.restore();
    expect(store.get().turns.map(({ id }) => id)).toEqual(['new']);
  });

  test('a new conversation leaves nothing of the old one in the page', async () => {
    before = () => Promise.resolve(KEPT);
    await session.restore();
    await session.begin();
    expect([store.get().turns, store.get().conversation]).toEqual([[], null]);
    void session.say('Something else');
    await tick();
    service.accept();
    expect(service.of('voiceassist.session.resume')).toEqual([]);
  });
});
