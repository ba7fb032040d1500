import { Problem } from '../api/client';
import { MicrophoneError, type Audio, type AudioHandlers, type AudioCounts, type Heard } from '../audio/engine';
import { client } from '../audio/transport/protocol';
import type { Connect } from '../audio/transport/transport';
import { t } from '../i18n';
import { Answers } from './answers';
import { Incoming } from './incoming';
import { Link } from './link';
import type { Store } from './store';

export interface SessionOptions {
  store: Store;
  secret: () => Promise<string>;
  connect: Connect;
  audio: (handlers: AudioHandlers) => Audio;
  signedOut: () => void;
}

const SHORTEST_FRAMES = 15;
/** Speech still in the air when the button is let go: 160 ms. */
const TAIL_FRAMES = 8;
const TAIL_TIMEOUT_MS = 600;
const WARM_MS = 20_000;
const ANSWER_TIMEOUT_MS = 30_000;
const POSITION_MS = 200;
const LOUD = 0.012;
const QUIET_FRAMES = 20;

/** The conversation of one signed-in user: microphone, speaker and connection, told to the store as they are. */
export class Session {
  readonly #store: Store;
  readonly #audio: Audio;
  readonly #link: Link;
  readonly #answers = new Answers();
  readonly #incoming: Incoming;
  readonly #levels = new Set<(level: number) => void>();
  readonly #countListeners = new Set<(counts: AudioCounts) => void>();
  readonly #signedOut: () => void;
  #frames = 0;
  #tail: number | null = null;
  #quiet = 0;
  #lastPosition = 0;
  #tailTimer: ReturnType<typeof setTimeout> | undefined;
  #warmTimer: ReturnType<typeof setTimeout> | undefined;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SessionOptions) {
    this.#store = options.store;
    this.#signedOut = options.signedOut;
    this.#audio = options.audio(this.#audioHandlers());
    this.#incoming = new Incoming(options.store, this.#answers, this.#audio, {
      send: (event) => this.#link.send(event),
      interrupted: () => void this.#silence(),
      settled: () => clearTimeout(this.#answerTimer),
      speechless: () => {
        this.#closeMicrophone();
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
    this.#levels.add(listener);
    return () => this.#levels.delete(listener);
  }

  onCounts(listener: (counts: AudioCounts) => void): () => void {
    this.#countListeners.add(listener);
    return () => this.#countListeners.delete(listener);
  }

  talkStart(): void {
    const state = this.#store.get();
    if (state.holding || state.handsFree || state.locked) return;
    this.#frames = 0;
    this.#tail = null;
    clearTimeout(this.#warmTimer);
    this.#store.set({ holding: true, problem: null });
    void this.interrupt();
    void this.#guard(() => this.#listen());
  }

  talkEnd(): void {
    if (!this.#store.get().holding || this.#tail !== null) return;
    if (this.#frames < SHORTEST_FRAMES) return this.#tooShort();
    this.#tail = TAIL_FRAMES;
    this.#tailTimer = setTimeout(() => this.#commit(), TAIL_TIMEOUT_MS);
  }

  setHandsFree(handsFree: boolean): void {
    if (handsFree === this.#store.get().handsFree) return;
    clearTimeout(this.#warmTimer);
    this.#store.set({ handsFree, muted: false, problem: null });
    if (this.#link.up) this.#link.send(client.session(handsFree));
    if (handsFree) {
      void this.#guard(() => this.#listen());
    } else {
      if (this.#link.up) this.#link.send(client.discard());
      this.#closeMicrophone();
    }
  }

  /** Stops the uplink only; an answer goes on. */
  toggleMute(): void {
    const { handsFree, muted } = this.#store.get();
    if (!handsFree) return;
    this.#store.set({ muted: !muted });
    if (muted) return;
    this.#stopSending();
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
    clearTimeout(this.#warmTimer);
    clearTimeout(this.#answerTimer);
    clearTimeout(this.#tailTimer);
    this.#closeMicrophone();
    this.#link.close();
    if (lock) this.#store.dispatch({ type: 'lock' });
    await this.#audio.close();
  }

  #audioHandlers(): AudioHandlers {
    return {
      frame: (pcm, level) => this.#frame(pcm, level),
      stalled: (stalled) => this.#store.set(stalled ? { stalled, sending: false } : { stalled }),
      playing: (playing) => this.#store.set({ playing }),
      position: (heard) => this.#position(heard, false),
      finished: (heard) => this.#position(heard, true),
      counts: (counts) => this.#countListeners.forEach((listener) => listener(counts)),
    };
  }

  async #listen(): Promise<void> {
    await Promise.all([this.#openMicrophone(), this.#link.ensure()]);
  }

  async #openMicrophone(): Promise<void> {
    await this.#audio.startCapture();
    const { holding, handsFree } = this.#store.get();
    if (holding || handsFree) this.#store.set({ microphone: true });
  }

  #frame(pcm: Int16Array, level: number): void {
    const { holding, handsFree, muted } = this.#store.get();
    if (!holding && (!handsFree || muted)) return;
    this.#link.send(client.append(pcm));
    this.#frames += 1;
    this.#quiet = level > LOUD ? 0 : this.#quiet + 1;
    this.#store.set(holding ? { sending: true, hearing: this.#quiet < QUIET_FRAMES } : { sending: true });
    this.#levels.forEach((listener) => listener(level));
    if (this.#tail !== null && --this.#tail <= 0) this.#commit();
  }

  #commit(): void {
    this.#endTalk();
    this.#link.send(client.commit());
    this.#ask();
  }

  #tooShort(): void {
    const { microphone } = this.#store.get();
    this.#endTalk();
    if (this.#frames > 0) this.#link.send(client.discard());
    // While the browser was still asking for permission nobody could have spoken.
    if (microphone) this.#store.set({ problem: new Problem('TOO_SHORT') });
  }

  #endTalk(): void {
    clearTimeout(this.#tailTimer);
    this.#tail = null;
    this.#store.set({ holding: false });
    this.#stopSending();
    this.#warmTimer = setTimeout(() => this.#closeMicrophone(), WARM_MS);
  }

  #stopSending(): void {
    this.#quiet = QUIET_FRAMES;
    this.#store.set({ sending: false, hearing: false });
    this.#levels.forEach((listener) => listener(0));
  }

  #closeMicrophone(): void {
    this.#audio.stopCapture();
    this.#store.set({ microphone: false, holding: false });
    this.#stopSending();
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
    if (holding) this.#endTalk();
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
      this.#closeMicrophone();
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
