import { Problem } from '../api/client';
import type { Audio, Heard } from '../audio/engine';
import { client, type ClientEvent, type ServerEvent } from '../audio/transport/protocol';
import type { Answers } from './answers';
import type { Holding } from './holding';
import type { Turn } from './state';
import type { Store } from './store';

interface Effects {
  send(event: ClientEvent): void;
  /** The user spoke into an answer; the service cancels it by itself. */
  interrupted(): void;
  /** An answer ended, well or not. */
  settled(): void;
  /** The service can neither hear nor speak. */
  speechless(): void;
  resumable(token: string, conversation: string): void;
  /** The session goes on where the lost one was; it may still owe an answer. */
  resumed(): void;
  notResumed(): void;
  saved(seq: number): void;
}

type Of<Kind extends ServerEvent['kind']> = Extract<ServerEvent, { kind: Kind }>;
type Handlers = { [Kind in ServerEvent['kind']]?: (event: Of<Kind>) => void };

/** Errors that only say the service was quicker than we were. */
const HARMLESS = new Set(['response_cancel_not_active']);
const CODES: Partial<Record<string, string>> = {
  input_audio_buffer_commit_empty: 'TOO_SHORT',
  input_audio_buffer_full: 'TOO_LONG',
  speech_unavailable: 'SPEECH_UNAVAILABLE',
  rate_limit_exceeded: 'RATE_LIMITED',
};

/** Turns the events of the service into turns of the conversation and sound. */
export class Incoming {
  readonly #store: Store;
  readonly #answers: Answers;
  readonly #audio: Audio;
  readonly #holding: Holding;
  readonly #effects: Effects;
  readonly #handlers: Handlers;
  /** Turns of an answer that broke off: they stay if the service has kept what was heard of them. */
  #doubtful = new Set<string>();

  constructor(store: Store, answers: Answers, audio: Audio, holding: Holding, effects: Effects) {
    this.#store = store;
    this.#answers = answers;
    this.#audio = audio;
    this.#holding = holding;
    this.#effects = effects;
    this.#handlers = { ...this.#listening(), ...this.#answering(), ...this.#extensions() };
  }

  take(event: ServerEvent): void {
    (this.#handlers[event.kind] as ((event: ServerEvent) => void) | undefined)?.(event);
  }

  /** The answer was silenced after `heard`; tells the service, which then knows what the user really heard. */
  stopped(active: string | null, heard: Heard | null): void {
    const stoppedTurns = this.#store.get().turns.filter((turn) => turn.id === heard?.itemId || (active !== null && turn.responseId === active));
    for (const turn of stoppedTurns) this.#turn(turn.id, 'assistant', { interrupted: true, final: true });
    if (!heard || heard.ms === 0) return;
    this.#effects.send({ ...client.truncate(heard.itemId, heard.ms), event_id: 'soft_truncate' });
    this.#effects.send({ ...client.retrieve(heard.itemId), event_id: 'soft_retrieve' });
  }

  /** The connection is gone in the middle of this response. */
  lost(active: string | null): void {
    const turns = this.#store.get().turns.filter((turn) => active !== null && turn.responseId === active);
    this.#doubtful = new Set(turns.map((turn) => turn.id));
  }

  #resumed(): void {
    for (const id of this.#doubtful) this.#store.dispatch({ type: 'remove', id });
    this.#doubtful.clear();
    this.#effects.resumed();
  }

  #listening(): Handlers {
    return {
      speechStarted: () => {
        this.#store.set({ hearing: true, passing: '' });
        this.#holding.confirmed();
        this.#effects.interrupted();
      },
      speechStopped: () => this.#store.set({ hearing: false, asked: true }),
      committed: ({ itemId }) => {
        this.#store.set({ passing: '' });
        this.#turn(itemId, 'user', {});
      },
      item: ({ itemId, role, text }) => {
        if (role === 'user') this.#turn(itemId, 'user', text === '' ? {} : { text, final: true });
        else if (text !== '') this.#turn(itemId, 'assistant', { text, final: true }); // one of before, that this page had missed
        this.#doubtful.delete(itemId);
      },
      // The speaker had only paused: the turn begins anew, and what was answered to its beginning is gone.
      deleted: ({ itemId }) => this.#store.dispatch({ type: 'remove', id: itemId }),
      transcriptDelta: ({ itemId, delta }) => this.#store.dispatch({ type: 'turn', id: itemId, role: 'user', append: delta }),
      transcript: ({ itemId, text }) => this.#transcript(itemId, text),
      transcriptFailed: ({ itemId }) => this.#transcript(itemId, ''),
    };
  }

  #answering(): Handlers {
    return {
      responseCreated: ({ responseId }) => {
        if (this.#answers.created(responseId)) this.#store.set({ active: responseId, asked: false });
        else this.#effects.send({ ...client.cancel(responseId), event_id: 'soft_cancel' });
      },
      textDelta: ({ responseId, itemId, delta }) => {
        if (!this.#answers.live(responseId)) return;
        this.#store.dispatch({ type: 'turn', id: itemId, role: 'assistant', append: delta, values: { responseId } });
      },
      text: ({ responseId, itemId, text }) => this.#answer(responseId, itemId, { text }),
      audio: ({ responseId, itemId, pcm }) => {
        this.#answers.opened(responseId, itemId);
        this.#audio.play(this.#answers.generation(responseId), itemId, pcm);
      },
      audioDone: ({ responseId, itemId }) => {
        this.#answers.closed(itemId);
        this.#audio.end(this.#answers.generation(responseId), itemId);
      },
      responseDone: ({ responseId, status }) => this.#done(responseId, status),
      heardText: ({ itemId, text }) => {
        const turn = this.#store.get().turns.find((known) => known.id === itemId);
        if (turn?.interrupted && text !== '') this.#turn(itemId, 'assistant', { text });
      },
      error: ({ code, eventId }) => this.#error(code, eventId),
    };
  }

  #extensions(): Handlers {
    return {
      // Somebody speaks, perhaps only to agree: the answer waits until the service knows.
      passing: ({ text }) => this.#store.set({ passing: text }),
      hold: () => this.#holding.await(),
      resume: ({ itemId, ms }) => {
        if (itemId) this.#audio.rewind(itemId, ms); // a sentence with a dose is said again from its start
        this.#holding.goOn();
      },
      status: ({ state }) => this.#status(state),
      citations: ({ responseId, itemId, citations, notice, abstained }) => {
        this.#store.set({ chosen: null });
        this.#answer(responseId, itemId, { citations, notice, abstained });
      },
      calculator: ({ responseId, itemId, result }) => this.#answer(responseId, itemId, { result }),
      clarify: ({ responseId, itemId, clarification }) => this.#answer(responseId, itemId, { clarification }),
      phi: ({ responseId, itemId, phi }) => this.#answer(responseId, itemId, { phi }),
      tool: ({ responseId, name, running }) => this.#store.dispatch({ type: 'tool', responseId, name, running }),
      fallback: () => this.#store.set({ fallback: true }),
      resumable: ({ token, conversationId }) => this.#effects.resumable(token, conversationId),
      resumed: () => this.#resumed(),
      saved: ({ seq }) => this.#effects.saved(seq),
      case: ({ caseId }) => this.#case(caseId),
      metrics: ({ responseId, metrics }) => {
        const turn = this.#store.get().turns.find((known) => known.responseId === responseId);
        if (turn) this.#turn(turn.id, 'assistant', { firstSoundMs: metrics.firstAudioMs });
      },
    };
  }

  /** Part of an answer, unless that was interrupted. */
  #answer(responseId: string, itemId: string, values: Partial<Turn>): void {
    if (this.#answers.live(responseId)) this.#turn(itemId, 'assistant', { ...values, responseId });
  }

  #turn(id: string, role: Turn['role'], values: Partial<Turn>): void {
    this.#store.dispatch({ type: 'turn', id, role, values });
  }

  #transcript(itemId: string, text: string): void {
    const { handsFree } = this.#store.get();
    if (text === '' && handsFree) {
      // A cough or a door: no turn of the conversation.
      this.#store.dispatch({ type: 'remove', id: itemId });
      this.#store.set({ asked: false });
    } else {
      this.#turn(itemId, 'user', { text, final: true });
    }
  }

  #status(state: string): void {
    const { handsFree, active } = this.#store.get();
    if (!handsFree) return;
    if (state === 'thinking' && active === null) this.#store.set({ asked: true, hearing: false });
    if (state === 'hearing') this.#store.set({ hearing: true });
    if (state === 'listening' || state === 'idle') this.#store.set({ asked: false, hearing: false, passing: '' });
  }

  #done(responseId: string, status: string): void {
    for (const item of this.#answers.unfinished(responseId)) {
      this.#answers.closed(item);
      this.#audio.end(this.#answers.generation(responseId), item);
    }
    this.#store.dispatch({ type: 'finish', responseId });
    this.#effects.settled();
    if (status === 'failed') this.#store.set({ problem: new Problem('ANSWER_FAILED') });
  }

  #case(caseId: string | null): void {
    this.#store.set(caseId === null ? { caseId, problem: new Problem('CASE_GONE') } : { caseId });
  }

  #error(code: string, eventId: string | null): void {
    if (code === 'session_not_resumable') return this.#effects.notResumed();
    if (code === 'case_not_opened') return this.#case(null);
    if (HARMLESS.has(code) || eventId?.startsWith('soft_')) return;
    if (this.#answers.refused(eventId)) {
      this.#store.set({ asked: false });
      this.#effects.settled();
    }
    if (code === 'speech_unavailable') this.#effects.speechless();
    this.#store.set({ problem: new Problem(CODES[code] ?? code) });
  }
}
