import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Session } from '../../src/voice/session';
import { Store } from '../../src/voice/store';
import { FakeAudio, FakeService, settle } from './fakes';

const store = new Store();
const service = new FakeService();
const session = new Session({
  store,
  ticket: () => Promise.resolve('wt_1'),
  connect: service.connect,
  audio: (handlers) => new FakeAudio(handlers),
  signedOut: vi.fn(),
  before: () => Promise.resolve(null),
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function asked(question: string): Promise<void> {
  void session.say(question);
  await vi.advanceTimersByTimeAsync(0);
  await settle();
  service.accept();
  await vi.advanceTimersByTimeAsync(0);
  await settle();
}

test('a conversation about a case is begun anew, tells the service which, and ends with the case', async () => {
  await asked('What is sepsis?');
  expect(service.of('voiceassist.context.update')).toEqual([]);
  await session.about('k1');
  expect(store.get()).toMatchObject({ caseId: 'k1', turns: [], conversation: null });
  await asked('What is the dose?');
  expect(service.of('voiceassist.context.update')).toMatchObject([{ case_id: 'k1' }]);
  service.say({ type: 'voiceassist.context.updated', case_id: 'k1', facts: 3, expires_at: '2026-12-29T10:00:00Z' });
  expect(store.get()).toMatchObject({ caseId: 'k1', problem: null });
  service.say({ type: 'voiceassist.context.updated', case_id: null, facts: 0, expires_at: null });
  expect(store.get()).toMatchObject({ caseId: null, problem: { code: 'CASE_GONE' } });
  await session.about('k2');
  await asked('What is the dose?');
  service.say({ type: 'error', error: { code: 'case_not_opened', event_id: 'context' } });
  expect(store.get()).toMatchObject({ caseId: null, problem: { code: 'CASE_GONE' } });
  await session.end(true);
  expect(store.get().caseId).toBeNull();
});
