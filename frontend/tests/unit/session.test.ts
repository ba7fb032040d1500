import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Problem } from '../../src/api/client';
import type { Kept } from '../../src/api/conversations';
import { MicrophoneError } from '../../src/audio/capture';
import { Session } from '../../src/voice/session';
import { phaseOf, runningTool } from '../../src/voice/state';
import { Store } from '../../src/voice/store';
import { FakeAudio, FakeService, settle } from './fakes';

let store: Store;
let service: FakeService;
let audio: FakeAudio;
let session: Session;
let ticket: () => Promise<string>;
let before: () => Promise<Kept | null>;
const signedOut = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  signedOut.mockReset();
  ticket = () => Promise.resolve('wt_1');
  before = () => Promise.resolve(null);
  store = new Store();
  service = new FakeService();
  session = new Session({
    store,
    ticket: () => ticket(),
    connect: service.connect,
    audio: (handlers) => (audio = new FakeAudio(handlers)),
    signedOut,
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

async function connected(): Promise<void> {
  await tick();
  service.accept();
  await tick();
}

async function speak(frames: number): Promise<void> {
  session.talkStart();
  await connected();
  audio.frames(frames);
}

/** A response with sound, as far as the deltas. */
function answer(id: string): void {
  const place = { response_id: id, item_id: `item_${id}` };
  service.say({ type: 'response.created', response: { id } });
  service.say({ type: 'response.output_audio_transcript.delta', ...place, delta: 'Offer' });
  service.say({ type: 'response.output_audio.delta', ...place, delta: 'AQA=' });
}

describe('hold to talk', () => {
  test('sends frames, keeps the end of the word, commits and asks', async () => {
    await speak(40);
    expect(phaseOf(store.get())).toBe('hearing');
    session.talkEnd();
    audio.frames(15);
    expect(service.of('input_audio_buffer.commit')).toHaveLength(0);
    audio.frames(1);
    expect(service.sent.slice(-2).map((event) => event.type)).toEqual(['input_audio_buffer.commit', 'response.create']);
    expect(service.of('input_audio_buffer.append')).toHaveLength(56);
    expect(phaseOf(store.get())).toBe('thinking');
    audio.frames(5);
    expect(service.of('input_audio_buffer.append')).toHaveLength(56);
  });

  test('frames from before the connection stood are sent first', async () => {
    session.talkStart();
    await tick();
    audio.frames(10);
    expect(service.of('input_audio_buffer.append')).toHaveLength(0);
    service.accept();
    expect(service.of('input_audio_buffer.append')).toHaveLength(10);
    expect(service.sent[0]?.type).toBe('session.update');
  });

  test('a tap is discarded and said to be too short', async () => {
    await speak(5);
    session.talkEnd();
    expect(service.of('input_audio_buffer.clear')).toHaveLength(1);
    expect(service.of('input_audio_buffer.commit')).toHaveLength(0);
    expect(store.get().problem?.code).toBe('TOO_SHORT');
  });

  test('a microphone that fell silent does not hold the question back', async () => {
    await speak(40);
    session.talkEnd();
    await tick(600);
    expect(service.of('input_audio_buffer.commit')).toHaveLength(1);
  });

  test('the microphone is closed some time after the last word', async () => {
    await speak(40);
    session.talkEnd();
    await tick(600);
    expect(store.get()).toMatchObject({ microphone: true, sending: false });
    await tick(20_000);
    expect(audio.capturing).toBe(false);
    expect(store.get().microphone).toBe(false);
  });

  test('a button let go before the microphone was open leaves it shown as open, until it is closed', async () => {
    session.talkStart();
    session.talkEnd();
    await connected();
    expect(audio.capturing).toBe(true);
    expect(store.get()).toMatchObject({ microphone: true, sending: false, problem: null });
    await tick(20_000);
    expect(audio.capturing).toBe(false);
    expect(store.get().microphone).toBe(false);
  });

  test('a refused microphone is said and nothing stays on', async () => {
    audio.failure = new MicrophoneError('MIC_DENIED');
    session.talkStart();
    await connected();
    expect(store.get()).toMatchObject({ holding: false, microphone: false });
    expect(store.get().problem?.code).toBe('MIC_DENIED');
  });
});

test('another microphone is used from now on, and one that cannot be opened is said', async () => {
  session.chooseMicrophone('head');
  await tick();
  expect(audio.chosen).toEqual(['head']);
  expect(store.get()).toMatchObject({ device: 'head', problem: null });
  audio.failure = new MicrophoneError('MIC_FAILED');
  session.chooseMicrophone(null);
  await tick();
  expect(store.get().problem?.code).toBe('MIC_FAILED');
});

describe('interruption', () => {
  test('speech into an answer silences it and tells how much was heard', async () => {
    session.setHandsFree(true);
    await connected();
    answer('r1');
    audio.heard = { itemId: 'item_r1', ms: 321 };
    service.say({ type: 'input_audio_buffer.speech_started', item_id: 'x' });
    await tick();
    expect(service.of('conversation.item.truncate')).toMatchObject([{ item_id: 'item_r1', audio_end_ms: 321 }]);
    // The service cancels by itself; a cancel of ours would hit the next answer.
    expect(service.of('response.cancel')).toHaveLength(0);
    service.say({ type: 'conversation.item.retrieved', item: { id: 'item_r1', role: 'assistant', content: [{ transcript: 'Off' }] } });
    expect(store.get().turns.at(-1)).toMatchObject({ text: 'Off', interrupted: true });
  });

  test('an answer waits while somebody may want to interrupt, and goes on if not', async () => {
    session.setHandsFree(true);
    await connected();
    answer('r1');
    service.say({ type: 'voiceassist.playback.hold' });
    service.say({ type: 'voiceassist.playback.resume' });
    expect(audio.held).toEqual([true, false]);
    expect(audio.cleared).toEqual([]);
    expect(service.of('conversation.item.truncate')).toHaveLength(0);
  });

  test('a sentence with a dose is said again from its start when nobody wanted to interrupt', async () => {
    session.setHandsFree(true);
    await connected();
    answer('r1');
    service.say({ type: 'voiceassist.playback.hold' });
    service.say({ type: 'voiceassist.playback.resume', item_id: 'item_r1', audio_ms: 1200 });
    expect(audio.rewound).toEqual([['item_r1', 1200]]);
    expect(audio.held).toEqual([true, false]);
  });

  test('words of a turn that goes on are shown until it is taken or comes to nothing', async () => {
    session.setHandsFree(true);
    await connected();
    service.say({ type: 'voiceassist.transcript.passing', item_id: 'x', text: 'what is the' });
    expect(store.get()).toMatchObject({ passing: 'what is the', turns: [] });
    service.say({ type: 'input_audio_buffer.committed', item_id: 'x' });
    expect(store.get().passing).toBe('');
    service.say({ type: 'voiceassist.transcript.passing', item_id: 'y', text: 'mm' });
    service.say({ type: 'voiceassist.status', state: 'listening' });
    expect(store.get().passing).toBe('');
  });

  test('the beginning of a question that goes on, and what was answered to it, are gone', async () => {
    session.setHandsFree(true);
    await connected();
    service.say({ type: 'input_audio_buffer.committed', item_id: 'begun' });
    answer('r1');
    service.say({ type: 'conversation.item.deleted', item_id: 'item_r1' });
    service.say({ type: 'conversation.item.deleted', item_id: 'begun' });
    service.say({ type: 'input_audio_buffer.committed', item_id: 'whole' });
    expect(store.get().turns.map((turn) => turn.id)).toEqual(['whole']);
  });

  test('late pieces of an interrupted answer are marked as old, and their words are dropped', async () => {
    session.setHandsFree(true);
    await connected();
    answer('r1');
    service.say({ type: 'input_audio_buffer.speech_started', item_id: 'x' });
    await tick();
    answer('r1-late');
    service.say({ type: 'response.output_audio_transcript.delta', response_id: 'r1', item_id: 'item_r1', delta: ' more' });
    service.say({ type: 'response.output_audio.delta', response_id: 'r1', item_id: 'item_r1', delta: 'AQA=' });
    expect(store.get().turns[0]?.text).toBe('Offer');
    expect(audio.played.at(-1)!.generation).toBeLessThan(audio.cleared.at(-1)!);
  });

  test('nothing is truncated when nothing was heard', async () => {
    session.setHandsFree(true);
    await connected();
    answer('r1');
    audio.heard = { itemId: 'item_r1', ms: 0 };
    service.say({ type: 'input_audio_buffer.speech_started', item_id: 'x' });
    await tick();
    expect(service.of('conversation.item.truncate')).toHaveLength(0);
  });

  test('an answer asked for and interrupted before it began is cancelled when it begins', async () => {
    void session.say('one');
    await connected();
    void session.say('two');
    await tick();
    service.say({ type: 'response.created', response: { id: 'r1' } });
    service.say({ type: 'response.created', response: { id: 'r2' } });
    expect(service.of('response.cancel').map((event) => event['response_id'])).toEqual([undefined, 'r1']);
    expect(store.get().active).toBe('r2');
  });

  test('a service that was quicker than our cancel is no problem to show', async () => {
    void session.say('one');
    await connected();
    service.say({ type: 'error', error: { code: 'response_cancel_not_active', event_id: 'x' } });
    service.say({ type: 'error', error: { code: 'item_not_found', event_id: 'soft_truncate' } });
    expect(store.get().problem).toBeNull();
  });
});

describe('hands-free', () => {
  test('mute stops the uplink only', async () => {
    session.setHandsFree(true);
    await connected();
    audio.frames(3);
    session.toggleMute();
    audio.frames(3);
    expect(service.of('input_audio_buffer.append')).toHaveLength(3);
    expect(audio.capturing).toBe(true);
    expect(phaseOf(store.get())).toBe('muted');
    session.toggleMute();
    audio.frames(1);
    expect(phaseOf(store.get())).toBe('listening');
  });

  test('a noise without words leaves no turn and nothing to wait for', async () => {
    session.setHandsFree(true);
    await connected();
    service.say({ type: 'input_audio_buffer.speech_started', item_id: 'n' });
    service.say({ type: 'input_audio_buffer.speech_stopped', item_id: 'n' });
    service.say({ type: 'input_audio_buffer.committed', item_id: 'n' });
    await tick();
    service.say({ type: 'conversation.item.input_audio_transcription.completed', item_id: 'n', transcript: ' ' });
    expect(store.get()).toMatchObject({ turns: [], asked: false });
  });

  test('leaving it closes the microphone at once', async () => {
    session.setHandsFree(true);
    await connected();
    audio.frames(3);
    session.setHandsFree(false);
    expect(audio.capturing).toBe(false);
    expect(store.get()).toMatchObject({ microphone: false, sending: false });
  });

  test('a stalled microphone is shown as stalled', async () => {
    session.setHandsFree(true);
    await connected();
    audio.frames(3);
    audio.handlers.stalled(true);
    expect(phaseOf(store.get())).toBe('stalled');
    audio.handlers.stalled(false);
    audio.frames(1);
    expect(phaseOf(store.get())).toBe('listening');
  });

  test('a server without ears ends it with a sentence', async () => {
    session.setHandsFree(true);
    await connected();
    audio.frames(1);
    service.say({ type: 'error', error: { code: 'speech_unavailable', event_id: null } });
    expect(store.get()).toMatchObject({ handsFree: false, microphone: false });
    expect(store.get().problem?.code).toBe('SPEECH_UNAVAILABLE');
  });
});

describe('a voice near the microphone', () => {
  /** An answer that sounds in a quiet room, into which somebody then speaks. */
  async function spokenInto(): Promise<void> {
    session.setHandsFree(true);
    await connected();
    answer('r1');
    audio.handlers.playing(true);
    audio.frames(50, 0.001);
    expect(phaseOf(store.get())).toBe('speaking');
    audio.frames(6);
  }

  test('makes the answer wait at once, and the page says so', async () => {
    await spokenInto();
    expect(audio.held).toEqual([true]);
    expect(phaseOf(store.get())).toBe('hearing');
    // The service tells a moment later, and decides.
    service.say({ type: 'voiceassist.playback.hold' });
    audio.heard = { itemId: 'item_r1', ms: 700 };
    service.say({ type: 'input_audio_buffer.speech_started', item_id: 'x' });
    await tick();
    expect(audio.cleared).toHaveLength(1);
    expect(store.get().held).toBe(false);
    expect(service.of('conversation.item.truncate')).toMatchObject([{ item_id: 'item_r1', audio_end_ms: 700 }]);
    await tick(10_000);
    expect(audio.held).toEqual([true]); // nothing lets the next answer go that nobody holds
  });

  test('that the service does not hear lets the answer go on, which is said as it is', async () => {
    await spokenInto();
    await tick(800);
    expect(audio.held).toEqual([true, false]);
    expect(phaseOf(store.get())).toBe('speaking');
    expect(service.of('conversation.item.truncate')).toHaveLength(0);
  });

  test('holds nothing once the microphone is muted, and what was held goes on', async () => {
    await spokenInto();
    session.toggleMute();
    expect(audio.held).toEqual([true, false]);
    audio.frames(100);
    expect(audio.held).toEqual([true, false]);
  });

  test('lets the answer go on when the connection is lost, and holds nothing without one', async () => {
    await spokenInto();
    service.drop();
    expect(audio.held).toEqual([true, false]);
    expect(store.get().held).toBe(false);
    audio.frames(50, 0.001);
    audio.frames(100);
    expect(audio.held).toEqual([true, false]);
  });

  test('is of no use to a button that is held: that interrupts by itself', async () => {
    await speak(40);
    answer('r1');
    audio.handlers.playing(true);
    audio.frames(100);
    expect(audio.held).toEqual([]);
  });

  test('ends with hands-free', async () => {
    await spokenInto();
    session.setHandsFree(false);
    expect(audio.held).toEqual([true, false]);
  });

  test('tells the service where exactly the answer waits', async () => {
    await spokenInto();
    await tick(300);
    audio.handlers.position({ itemId: 'item_r1', ms: 600 });
    audio.handlers.stopped({ itemId: 'item_r1', ms: 655 });
    expect(service.of('voiceassist.playback.position').map((event) => event['audio_ms'])).toEqual([600, 655]);
  });
});

describe('the connection', () => {
  test('lost while idle is no event; the next question opens a new one', async () => {
    void session.say('one');
    await connected();
    answer('r1');
    service.say({ type: 'response.done', response: { id: 'r1', status: 'completed' } });
    service.drop();
    await tick();
    expect(store.get()).toMatchObject({ link: 'down', problem: null });
    void session.say('two');
    await connected();
    expect(service.opened).toBe(2);
  });

  test('lost in an answer is said, and renewed', async () => {
    void session.say('one');
    await connected();
    answer('r1');
    service.drop();
    await tick();
    expect(store.get().problem?.code).toBe('CONNECTION_LOST');
    expect(audio.ended).toEqual(['item_r1']);
    expect(phaseOf(store.get())).toBe('reconnecting');
    await tick(250);
    service.accept();
    await tick();
    expect(store.get().link).toBe('up');
    expect(store.get().turns.at(-1)?.role).toBe('note');
  });

  test('a service that stays away ends the attempts', async () => {
    session.setHandsFree(true);
    await connected();
    ticket = () => Promise.reject(new Problem('NETWORK'));
    service.drop();
    await tick(60_000);
    expect(store.get()).toMatchObject({ link: 'down', handsFree: false, microphone: false });
    expect(store.get().problem?.code).toBe('NETWORK');
  });

  test('an ended sign-in leads out', async () => {
    ticket = () => Promise.reject(new Problem('UNAUTHENTICATED', null, 401));
    expect(await Promise.race([session.say('one'), tick(10).then(() => 'late')])).toBe(false);
    expect(signedOut).toHaveBeenCalledOnce();
  });

  test('the wish to keep it here is told at once, with every later setting and to a new connection', async () => {
    const routes = (): unknown[] => service.of('session.update').map((event) => (event['session'] as { voiceassist: { route: string } }).voiceassist.route);
    session.setLocal(true);
    void session.say('one');
    await connected();
    expect(routes()).toEqual(['local']);
    session.setHandsFree(true);
    session.setLocal(false);
    expect(routes()).toEqual(['local', 'local', 'auto']);
  });

  test('an answer that never comes is said', async () => {
    void session.say('one');
    await connected();
    await tick(30_000);
    expect(store.get()).toMatchObject({ asked: false });
    expect(store.get().problem?.code).toBe('NO_ANSWER');
  });

  test('ending it with a lock leaves nothing in the page', async () => {
    void session.say('one');
    await connected();
    answer('r1');
    await session.end(true);
    expect(store.get()).toMatchObject({ turns: [], locked: true, link: 'down' });
    expect(audio.closed).toBe(true);
  });
});

test('what an answer brings along belongs to its turn', async () => {
  void session.say('one');
  await connected();
  const place = { response_id: 'r1', item_id: 'item_r1' };
  service.say({ type: 'response.created', response: { id: 'r1' } });
  service.say({ type: 'voiceassist.calculator.result', ...place, result: { title: 'BMI' } });
  service.say({ type: 'voiceassist.phi.notice', ...place, route: 'local', reason: 'identifiers' });
  service.say({ type: 'voiceassist.clarify.ask', ...place, question: 'q', options: ['a'], slot: 's' });
  service.say({ type: 'voiceassist.citation.list', ...place, citations: [{ n: 1 }], status: 'supported', notice: 'n' });
  answer('r1');
  service.say({ type: 'voiceassist.metrics', response_id: 'r1', first_audio_ms: 400 });
  expect(store.get().turns).toMatchObject([
    { id: 'item_r1', text: 'Offer', result: { title: 'BMI' }, citations: [{ n: 1 }], clarification: { options: ['a'] }, phi: { route: 'local' }, firstSoundMs: 400 },
  ]);
});

test('a microphone that a held button has opened is listened to as it is from hands-free mode on', async () => {
  await speak(40);
  expect([audio.capturing, audio.capturesRaw]).toEqual([true, false]);
  session.talkEnd();
  audio.frames(16);
  session.setHandsFree(true);
  await tick();
  expect([audio.capturing, audio.capturesRaw]).toEqual([true, true]);
  session.setHandsFree(false);
  expect(audio.capturing).toBe(false);
});

describe('what a model does for an answer', () => {
  const tool = (response: string, status: string): void => service.say({ type: 'voiceassist.tool.use', response_id: response, item_id: `item_${response}`, name: 'search_knowledge', status });
  const begin = async (): Promise<void> => {
    void session.say('one');
    await connected();
    service.say({ type: 'response.created', response: { id: 'r1' } });
    tool('r1', 'started');
  };

  test('is told from the start of a tool to its end', async () => {
    await begin();
    expect(runningTool(store.get())).toBe('search_knowledge');
    tool('r1', 'finished');
    expect(runningTool(store.get())).toBeNull();
  });

  test.each<[string, () => void | Promise<void>]>([
    ['interrupted', () => session.interrupt()],
    ['broken off', () => service.say({ type: 'response.done', response: { id: 'r1', status: 'failed' } })],
    ['lost with the connection', () => service.drop()],
  ])('is told no more when the answer is %s', async (_how, end) => {
    await begin();
    void end();
    await tick();
    expect(runningTool(store.get())).toBeNull();
  });

  test('that is lost is told until it calls a tool again, or another conversation begins', async () => {
    await begin();
    const lost = (): void => service.say({ type: 'voiceassist.engine.fallback', response_id: 'r1', item_id: 'item_r1', engine: 'local', reason: 'unavailable' });
    lost();
    service.say({ type: 'response.done', response: { id: 'r1', status: 'completed' } });
    expect(store.get().fallback).toBe(true);
    answer('r2');
    expect(store.get().fallback).toBe(true);
    tool('r2', 'started');
    expect(store.get().fallback).toBe(false);
    lost();
    await session.begin();
    expect(store.get().fallback).toBe(false);
  });
});
