import { Problem } from '../api/client';
import { MicrophoneError } from '../audio/capture';
import type { Audio, AudioCounts, AudioHandlers, Heard } from '../audio/engine';
import { client } from '../audio/transport/protocol';
import type { Connect } from '../audio/transport/transport';
import { t } from '../i18n';
import { Answers } from './answers';
import { Incoming } from './incoming';
import { Link } from './link';
import { Microphone } from './microphone';
import type { Store } from './store';

export interface SessionOptions {
  store: Store;
  secret: () => Promise<string>;
  connect: Connect;
  audio: (handlers: AudioHandlers) => Audio;
  signedOut: () => void;
}

const ANSWER_TIMEOUT_MS = 30_000;
const POSITION_MS = 200;

/** The conversation of one signed-in user: microphone, speaker and connection, told to the store as they are. */
export class Session {
  readonly #store: Store;
  readonly #audio: Audio;
  readonly #link: Link;
  readonly #answers = new Answers();
  readonly #incoming: Incoming;
  readonly #microphone: Microphone;
  readonly #countListeners = new Set<(counts: AudioCounts) => void>();
  readonly #signedOut: () => void;
  #lastPosition = 0;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SessionOptions) {
    this.#store = options.store;
    this.#signedOut = options.signedOut;
    this.#audio = options.audio(this.#audioHandlers());
    this.#microphone = new Microphone(options.store, this.#audio, {
      send: (pcm) => this.#link.send(client.append(pcm)),
      spoken: () => {
        this.#link.send(client.commit());
        this.#ask();
      },
    });
    this.#incoming = new Incoming(options.store, this.#answers, this.#audio, {
      send: (event) => this.#link.send(event),
      interrupted: () => void this.#silence(),
      settled: () => clearTimeout(this.#answerTimer),
      speechless: () => {
        this.#microphone.close();
        this.#store.set({ handsFree: false });
      },
    });
    this.#link = new Link({
      secret: options.secret,
      connect: options.connect,
      greeting: () => client.session(this.#store.get().handsFree),
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

  setHandsFree(handsFree: boolean): void {
    if (handsFree === this.#store.get().handsFree) return;
    this.#store.set({ handsFree, muted: false, problem: null });
    if (this.#link.up) this.#link.send(client.session(handsFree));
    if (handsFree) {
      void this.#guard(() => this.#listen());
    } else {
      if (this.#link.up) this.#link.send(client.discard());
      this.#microphone.close();
    }
  }

  /** Stops the uplink only; an answer goes on. */
  toggleMute(): void {
    const { handsFree, muted } = this.#store.get();
    if (!handsFree) return;
    this.#store.set({ muted: !muted });
    if (muted) return;
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
    this.#microphone.close();
    this.#link.close();
    if (lock) this.#store.dispatch({ type: 'lock' });
    await this.#audio.close();
  }

  #audioHandlers(): AudioHandlers {
    return {
      frame: (pcm, level) => this.#microphone.frame(pcm, level),
      stalled: (stalled) => this.#store.set(stalled ? { stalled, sending: false } : { stalled }),
      playing: (playing) => this.#store.set({ playing }),
      position: (heard) => this.#position(heard, false),
      finished: (heard) => this.#position(heard, true),
      counts: (counts) => this.#countListeners.forEach((listener) => listener(counts)),
    };
  }

  async #listen(): Promise<void> {
    await Promise.all([this.#microphone.open(), this.#link.ensure()]);
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
    const heard = await this.#audio.clear(this.#answers.interrupt());
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
    clearTimeout(this.#answerTimer);
    if (active !== null) this.#answers.unfinished(active).forEach((item) => this.#audio.end(this.#answers.generation(active), item));
    this.#answers.reset();
    this.#store.dispatch({ type: 'linkLost' });
    if (holding) this.#microphone.endHold();
    if (asked || active !== null || holding) this.#store.set({ problem: new Problem('CONNECTION_LOST') });
    if (!handsFree && !asked && active === null && !holding) {
      this.#store.set({ link: 'down' });
      return;
    }
    const renewed = await this.#guard(() => this.#link.renew());
    if (renewed && turns.length > 0) {
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
