/** Audio of one conversation item; `generation` says which side of an interruption it belongs to. */
export interface Chunk {
  generation: number;
  item: string;
  samples: Float32Array;
}

/** How much of an item was really rendered, in samples of the queue's rate. */
export interface Rendered {
  item: string;
  samples: number;
}

/**
 * What the speaker plays next. Counts the samples really handed out per item, and drops whatever belongs to an
 * answer that was interrupted: such chunks arrive late and would otherwise restart the playback.
 */
export class PlayerQueue {
  readonly #fadeSamples: number;
  #minimum = 0;
  #chunks: Chunk[] = [];
  #played: Chunk[] = [];
  #offset = 0;
  #tail: Float32Array = new Float32Array(0);
  #counts = new Map<string, number>();
  #ended = new Set<string>();
  #held = false;
  /** Samples handed out since the start, over all items. */
  total = 0;
  /** Chunks refused because their answer had been interrupted. */
  stale = 0;

  constructor(fadeSamples: number) {
    this.#fadeSamples = fadeSamples;
  }

  get empty(): boolean {
    return this.#chunks.length === 0 && this.#tail.length === 0;
  }

  push(chunk: Chunk): boolean {
    if (chunk.generation < this.#minimum) {
      this.stale += 1;
      return false;
    }
    if (chunk.samples.length > 0) this.#chunks.push(chunk);
    return true;
  }

  /** No more chunks of this item will come; `takeFinished` reports it once it is played out. */
  end(item: string): void {
    this.#ended.add(item);
  }

  /** Silence from here on, with a fade, until the rest is wanted; nothing is lost or counted meanwhile. */
  hold(held: boolean): void {
    const head = this.#chunks[0];
    if (held && !this.#held && head && this.#offset + (this.#counts.get(head.item) ?? 0) > 0) this.#tail = this.#fade(head);
    this.#held = held;
  }

  /**
   * Says `item` again from that sample of it. Only what plays now can be said again; anything else changes nothing.
   */
  rewind(item: string, samples: number): void {
    const heard = this.#counts.get(item) ?? 0;
    if (this.#chunks[0]?.item !== item || samples < 0 || samples >= heard) return;
    const chunks = [...this.#played, ...this.#chunks];
    let before = 0;
    let place = 0;
    for (const [index, chunk] of chunks.entries()) {
      if (before + chunk.samples.length > samples) {
        place = index;
        break;
      }
      before += chunk.samples.length;
    }
    this.#played = chunks.slice(0, place);
    this.#chunks = chunks.slice(place);
    this.#offset = samples - before;
    this.#counts.set(item, samples);
  }

  /** Fades out what plays, drops the rest and every later chunk below `minimum`; answers what was heard. */
  clear(minimum: number): Rendered | null {
    this.#minimum = Math.max(this.#minimum, minimum);
    const head = this.#chunks[0];
    const heard = head ? { item: head.item, samples: this.#counts.get(head.item) ?? 0 } : null;
    if (head && !this.#held && this.#offset + (heard?.samples ?? 0) > 0) this.#tail = this.#fade(head);
    this.#held = false;
    this.#chunks = [];
    this.#played = [];
    this.#offset = 0;
    this.#ended.clear();
    return heard;
  }

  /** Fills `output`, with silence where nothing is queued. */
  read(output: Float32Array): void {
    let filled = this.#readTail(output);
    for (let chunk = this.#chunks[0]; chunk && !this.#held && filled < output.length; chunk = this.#chunks[0]) {
      const part = chunk.samples.subarray(this.#offset, this.#offset + output.length - filled);
      output.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
      this.total += part.length;
      this.#counts.set(chunk.item, (this.#counts.get(chunk.item) ?? 0) + part.length);
      if (this.#offset >= chunk.samples.length) {
        this.#played = this.#played[0]?.item === chunk.item ? this.#played : [];
        this.#played.push(chunk);
        this.#chunks.shift();
        this.#offset = 0;
      }
    }
    output.fill(0, filled);
  }

  /** The item that plays now and how far it came. */
  position(): Rendered | null {
    const head = this.#chunks[0];
    return head ? { item: head.item, samples: this.#counts.get(head.item) ?? 0 } : null;
  }

  /** Items that ended and were played to their last sample since the last call. */
  takeFinished(): Rendered[] {
    const waiting = new Set(this.#chunks.map((chunk) => chunk.item));
    const done = [...this.#ended].filter((item) => !waiting.has(item));
    return done.map((item) => {
      this.#ended.delete(item);
      return { item, samples: this.#counts.get(item) ?? 0 };
    });
  }

  #fade(head: Chunk): Float32Array {
    const rest = head.samples.subarray(this.#offset, this.#offset + this.#fadeSamples);
    return rest.map((value, index) => value * (1 - (index + 1) / rest.length));
  }

  #readTail(output: Float32Array): number {
    const part = this.#tail.subarray(0, output.length);
    output.set(part);
    this.#tail = this.#tail.slice(part.length);
    return part.length;
  }
}
