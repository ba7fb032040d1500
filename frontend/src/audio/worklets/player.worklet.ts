import { WIRE_RATE, level } from '../pcm';
import { PlayerQueue } from '../playerQueue';
import { Resampler } from '../resampler';
import { PLAYER, type PlayerCommand, type PlayerReport } from './messages';

/** A report before the totals are added. */
type Uncounted<Report> = Report extends PlayerReport ? Omit<Report, 'total' | 'stale' | 'level'> : never;

const FADE_SECONDS = 0.005;
const REPORT_SECONDS = 0.05;

/** Plays queued speech and reports, every 50 ms and at every stop, how much of it was really rendered. */
class Player extends AudioWorkletProcessor {
  readonly #queue = new PlayerQueue(Math.round(sampleRate * FADE_SECONDS));
  #item = '';
  #resampler = new Resampler(WIRE_RATE, sampleRate);
  #sinceReport = 0;
  #level = 0;

  constructor() {
    super();
    this.port.onmessage = (message: MessageEvent<PlayerCommand>) => this.#obey(message.data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const channels = outputs[0] ?? [];
    const first = channels[0];
    if (!first) return true;
    const before = this.#queue.total;
    this.#queue.read(first);
    for (const channel of channels.slice(1)) channel.set(first);
    for (const heard of this.#queue.takeFinished()) this.#report({ type: 'finished', heard, last: this.#queue.empty });
    this.#sinceReport += first.length;
    this.#level = Math.max(this.#level, level(first));
    if (this.#queue.total > before && this.#sinceReport >= sampleRate * REPORT_SECONDS) {
      this.#report({ type: 'position', heard: this.#queue.position() });
    }
    return true;
  }

  #obey(command: PlayerCommand): void {
    if (command.type === 'clear') {
      this.#report({ type: 'cleared', heard: this.#queue.clear(command.minimum) });
    } else if (command.type === 'hold') {
      this.#queue.hold(command.held);
      if (command.held) this.#report({ type: 'held', heard: this.#queue.position() });
    } else if (command.type === 'rewind') {
      this.#queue.rewind(command.item, Math.floor((command.ms * sampleRate) / 1000));
    } else if (command.type === 'end') {
      const samples = command.item === this.#item ? this.#resampler.flush() : new Float32Array(0);
      if (this.#queue.push({ ...command, samples })) this.#queue.end(command.item);
    } else {
      this.#enqueue(command);
    }
  }

  #enqueue(chunk: PlayerCommand & { type: 'chunk' }): void {
    if (chunk.item !== this.#item) {
      this.#item = chunk.item;
      this.#resampler = new Resampler(WIRE_RATE, sampleRate);
    }
    const { generation, item } = chunk;
    const taken = this.#queue.push({ generation, item, samples: this.#resampler.push(chunk.samples) });
    if (!taken) this.#report({ type: 'position', heard: this.#queue.position() });
  }

  #report(part: Uncounted<PlayerReport>): void {
    if (part.type === 'position') this.#sinceReport = 0;
    this.port.postMessage({ ...part, total: this.#queue.total, stale: this.#queue.stale, level: this.#level });
    this.#level = 0;
  }
}

registerProcessor(PLAYER, Player);
