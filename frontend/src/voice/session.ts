import { Problem } from '../api/client';
import { MicrophoneError } from '../audio/capture';
import type { Audio, AudioCounts, AudioHandlers, Heard } from '../audio/engine';
import { client, type ClientEvent } from '../audio/transport/protocol';
import type { Connect } from '../audio/transport/transport';
import type { Kept } from '../api/conversations';
import { t } from '../i18n';
import { Answers } from './answers';
import { Holding } from './holding';
import { Incoming } from './incoming';
import { Link } from './link';
import { Microphone } from './microphone';
import { turnOf } from './kept';
import type { Store } from './store';

export interface SessionOptions {
  store: Store;
  ticket: () => Promise<string>;
  connect: Connect;
  audio: (handlers: AudioHandlers) => Audio;
  signedOut: () => void;
  /** The conversation that was open in this page before it was loaded again. @throws {Problem} */
  before: () => Promise<Kept | null>;
}

/** The conversation on the server, the token that goes on with it once, and the last change of it that was seen. */
interface Open {
  conversation: string;
  token: string | null;
  seq: number;
}

const ANSWER_TIMEOUT_MS = 30_000;
const POSITION_MS = 200;

/** The conversation of one signed-in user: microphone, speaker and connection, told to the store as they are. */
export class Session {
  readonly #store: Store;
  readonly #audio: Audio;
  readonly #link: Link;
  readonly #answers = new Answers();
  readonly #holding: Holding;
  readonly #incoming: Incoming;
  readonly #microphone: Microphone;
  readonly #countListeners = new Set<(counts: AudioCounts) => void>();
  readonly #signedOut: () => void;
  readonly #before: SessionOptions['before'];
  #open: Open | null = null;
  /** A question was on its way when the connection was lost. */
  #owed = false;
  #lastPosition = 0;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SessionOptions) {
    this.#store = options.store;
    this.#signedOut = options.signedOut;
    this.#before = options.before;
    this.#audio = options.audio(this.#audioHandlers());
    this.#holding = new Holding(this.#audio, (held) => this.#store.set({ held }));
    this.#microphone = new Microphone(options.store, this.#audio, {
      send: (pcm) => this.#link.send(client.append(pcm)),
      level: (level) => this.#holding.frame(level, this.#interruptible()),
      raw: (level, played) => this.#holding.raw(level, played, this.#interruptible()),
      spoken: () => {
        this.#link.send(client.commit());
        this.#ask();
      },
    });
    this.#incoming = new Incoming(options.store, this.#answers, this.#audio, this.#holding, {
      send: (event) => this.#link.send(event),
      interrupted: () => void this.#silence(),
      settled: () => clearTimeout(this.#answerTimer),
      speechless: () => {
        this.#microphone.close();
        this.#store.set({ handsFree: false });
      },
      resumable: (token, conversation) => {
        this.#open = { conversation, token, seq: this.#open?.conversation === conversation ? this.#open.seq : 0 };
        this.#store.set({ conversation });
      },
      resumed: () => this.#resumed(),
      notResumed: () => this.#notResumed(),
      saved: (seq) => this.#open && (this.#open.seq = seq),
    });
    this.#link = new Link({
      ticket: options.ticket,
      connect: options.connect,
      greeting: () => this.#greeting(),
      state: (link) => this.#store.set({ link }),
      event: (event) => this.#incoming.take(event),
      lost: () => void this.#lost(),
    });
  }

  /** Calls back with the level of every frame that is sent, and 0 when sending ends. */
  onLevel(listener: (level: number) => void): () => void {
    return this.#microphone.onLevel(listener);
  }

  onCounts(listener: (counts: AudioCounts) => void): () => void {
    this.#countListeners.add(listener);
    return () => this.#countListeners.delete(listener);
  }

  talkStart(): void {
    const state = this.#store.get();
    if (state.holding || state.handsFree || state.locked) return;
    this.#store.set({ problem: null });
    this.#microphone.hold();
    void this.interrupt();
    void this.#guard(() => this.#listen());
  }

  talkEnd(): void {
    const { holding, microphone } = this.#store.get();
    const outcome = holding ? this.#microphone.release() : 'sending';
    if (outcome === 'short') this.#link.send(client.discard());
    // While the browser was still asking for permission nobody could have spoken.
    if (outcome !== 'sending' && microphone) this.#store.set({ problem: new Problem('TOO_SHORT') });
  }

  /** From the next question on. */
  setLocal(local: boolean): void {
    this.#store.set({ local });
    if (this.#link.up) this.#link.send(client.session(this.#store.get().handsFree, local));
  }

  setHandsFree(handsFree: boolean): void {
    if (handsFree === this.#store.get().handsFree) return;
    this.#store.set({ handsFree, muted: false, problem: null });
    if (this.#link.up) this.#link.send(client.session(handsFree, this.#store.get().local));
    if (handsFree) {
      void this.#guard(() => this.#listen());
    } else {
      if (this.#link.up) this.#link.send(client.discard());
      this.#holding.goOn();
      this.#microphone.close();
    }
  }

  /** @param device null: the one the system prefers. */
  chooseMicrophone(device: string | null): void {
    this.#store.set({ device });
    void this.#guard(() => this.#audio.chooseMicrophone(device));
  }

  /** Stops the uplink only; an answer goes on. */
  toggleMute(): void {
    const { handsFree, muted } = this.#store.get();
    if (!handsFree) return;
    this.#store.set({ muted: !muted });
    if (muted) return;
    this.#holding.goOn();
    this.#microphone.stopSending();
    if (this.#link.up) this.#link.send(client.discard());
  }

  /** @returns whether the words were handed to the service. */
  async say(words: string): Promise<boolean> {
    const sound = this.#audio.ready().catch(() => this.#store.set({ problem: new Problem('AUDIO_FAILED') }));
    this.#store.set({ problem: null });
    return this.#guard(async () => {
      await this.interrupt();
      await Promise.all([sound, this.#link.ensure()]);
      this.#link.send(client.say(words));
      this.#ask();
    });
  }

  /** Silences the answer and tells the service how much of it was heard. */
  async interrupt(): Promise<void> {
    const { active, asked } = this.#store.get();
    if (this.#link.up && (active !== null || asked)) this.#link.send({ ...client.cancel(), event_id: 'soft_cancel' });
    await this.#silence();
  }

  /** Ends everything: tracks, sound, connection. The page keeps nothing of the conversation when `lock` is set. */
  async end(lock: boolean): Promise<void> {
    clearTimeout(this.#answerTimer);
    this.#holding.forget();
    this.#microphone.close();
    this.#link.close();
    if (lock) this.#store.dispatch({ type: 'lock' });
    await this.#audio.close();
  }

  /** After a reload: the turns of the conversation that was open, as the server has them. */
  async restore(): Promise<void> {
    const kept = await this.#before().catch(() => null); // without it the next question begins a new conversation
    if (kept === null || this.#open !== null || this.#store.get().turns.length > 0) return;
    this.#open = { conversation: kept.id, token: null, seq: Math.max(0, ...kept.turns.map(({ seq }) => seq)) };
    this.#store.dispatch({ type: 'restore', turns: kept.turns.flatMap(turnOf) });
    this.#store.set({ conversation: kept.id });
  }

  /** A new conversation begins with the next question, and this page goes on with none. */
  async begin(): Promise<void> {
    await this.interrupt();
    this.#microphone.close();
    this.#link.close();
    this.forget();
    this.#store.set({ handsFree: false, problem: null });
    this.#store.dispatch({ type: 'begin' });
  }

  /** A new conversation begins, about this case or about none: nothing of one patient goes on with another. */
  async about(caseId: string | null): Promise<void> {
    await this.begin();
    this.#store.set({ caseId });
  }

  /** The next question begins a new conversation. */
  forget(): void {
    this.#open = null;
    this.#store.set({ conversation: null });
  }

  #greeting(): ClientEvent[] {
    const settings = client.session(this.#store.get().handsFree, this.#store.get().local);
    const { caseId } = this.#store.get();
    if (!this.#open) return caseId === null ? [settings] : [settings, client.context(caseId)];
    const resume = client.resume(this.#open);
    this.#open.token = null; // used up, even where this connection breaks before the answer
    return [resume, settings];
  }

  #resumed(): void {
    this.#store.set({ problem: null });
    if (!this.#owed || this.#store.get().active !== null) return;
    this.#owed = false;
    this.#store.set({ asked: true });
    this.#answerTimer = setTimeout(() => this.#unanswered(), ANSWER_TIMEOUT_MS);
  }

  #notResumed(): void {
    this.forget();
    const { turns } = this.#store.get();
    if (this.#owed) this.#store.set({ problem: new Problem('CONNECTION_LOST') });
    this.#owed = false;
    if (turns.length > 0) this.#store.dispatch({ type: 'turn', id: `note_${turns.length}`, role: 'note', text: t.conversation.restarted });
  }

  #audioHandlers(): AudioHandlers {
    return {
      frame: (pcm, level) => this.#microphone.frame(pcm, level),
      raw: (level, played) => this.#microphone.raw(level, played),
      stalled: (stalled) => this.#store.set(stalled ? { stalled, sending: false } : { stalled }),
      playing: (playing) => this.#store.set({ playing }),
      position: (heard) => this.#position(heard, false),
      stopped: (heard) => this.#position(heard, true),
      counts: (counts) => this.#countListeners.forEach((listener) => listener(counts)),
    };
  }

  async #listen(): Promise<void> {
    await Promise.all([this.#microphone.open(), this.#link.ensure()]);
  }

  /** While nobody could say that somebody interrupts, nothing is held for it. */
  #interruptible(): boolean {
    return this.#store.get().playing && this.#link.up;
  }

  #ask(): void {
    clearTimeout(this.#answerTimer);
    this.#answerTimer = setTimeout(() => this.#unanswered(), ANSWER_TIMEOUT_MS);
    this.#store.set({ asked: true });
    this.#link.send(client.answer(this.#answers.ask()));
  }

  #unanswered(): void {
    if (this.#store.get().active === null) this.#store.set({ asked: false, problem: new Problem('NO_ANSWER') });
  }

  async #silence(): Promise<void> {
    const { active } = this.#store.get();
    const cleared = this.#audio.clear(this.#answers.interrupt());
    this.#holding.forget();
    const heard = await cleared;
    this.#incoming.stopped(active, heard);
    this.#store.set({ asked: false, active: null });
  }

  #position(heard: Heard, final: boolean): void {
    const now = performance.now();
    if (!final && now - this.#lastPosition < POSITION_MS) return;
    this.#lastPosition = now;
    if (this.#link.up) this.#link.send(client.position(heard.itemId, heard.ms));
  }

  async #lost(): Promise<void> {
    const { asked, active, holding, handsFree, turns } = this.#store.get();
    const resumable = this.#open !== null;
    clearTimeout(this.#answerTimer);
    if (active !== null) this.#answers.unfinished(active).forEach((item) => this.#audio.end(this.#answers.generation(active), item));
    this.#answers.reset();
    this.#holding.goOn(); // nobody will say any more that it does
    this.#incoming.lost(active);
    this.#store.dispatch({ type: 'linkLost' });
    this.#owed = asked || active !== null;
    // Where the conversation goes on, so does what is being said: it waits for the connection.
    if (holding && !resumable) this.#microphone.endHold();
    if ((this.#owed || holding) && !resumable) this.#store.set({ problem: new Problem('CONNECTION_LOST') });
    if (!handsFree && !this.#owed && !holding) {
      this.#store.set({ link: 'down' });
      return;
    }
    const renewed = await this.#guard(() => this.#link.renew());
    if (renewed && !resumable && turns.length > 0) {
      this.#store.dispatch({ type: 'turn', id: `note_${turns.length}`, role: 'note', text: t.conversation.restarted });
    }
  }

  /** Runs a step; a failure becomes a sentence on the page, and nothing keeps recording. */
  async #guard(step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      return true;
    } catch (error) {
      this.#microphone.close();
      this.#store.set({ handsFree: false, asked: false, problem: asProblem(error) });
      if (error instanceof Problem && error.status === 401) this.#signedOut();
      return false;
    }
  }
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(error instanceof MicrophoneError ? error.fault : 'AUDIO_FAILED');
}
