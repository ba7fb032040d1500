/**
 * Which answers may still be heard. Every interruption begins a new generation; what belongs to an older one is
 * dropped, also when the server had sent it before it learned of the interruption.
 */
export class Answers {
  #generation = 1;
  #generations = new Map<string, number>();
  #open = new Map<string, string>();
  #asked = new Set<string>();
  #unwanted = 0;
  #counter = 0;

  /** A new request for an answer; the id goes with it, so that its refusal can be recognised. */
  ask(): string {
    this.#counter += 1;
    const id = `ask_${this.#counter}`;
    this.#asked.add(id);
    return id;
  }

  /** The server refused a request. False when the id is none of ours. */
  refused(id: string | null): boolean {
    if (id === null || !this.#asked.delete(id)) return false;
    this.#unwanted = Math.min(this.#unwanted, this.#asked.size);
    return true;
  }

  /** A response began. False when it was interrupted before it was announced, and must be cancelled. */
  created(responseId: string): boolean {
    const [request] = this.#asked;
    if (request !== undefined) this.#asked.delete(request);
    const wanted = this.#unwanted === 0;
    if (!wanted) this.#unwanted -= 1;
    this.#generations.set(responseId, wanted ? this.#generation : 0);
    return wanted;
  }

  /** Everything asked for until now is unwanted; answers the generation that may play from here on. */
  interrupt(): number {
    this.#generation += 1;
    this.#unwanted = this.#asked.size;
    return this.#generation;
  }

  generation(responseId: string): number {
    return this.#generations.get(responseId) ?? this.#generation;
  }

  live(responseId: string): boolean {
    return this.generation(responseId) === this.#generation;
  }

  /** Audio of an item began to arrive. */
  opened(responseId: string, itemId: string): void {
    this.#open.set(itemId, responseId);
  }

  closed(itemId: string): void {
    this.#open.delete(itemId);
  }

  /** Items of a response whose audio was never marked as complete. */
  unfinished(responseId: string): string[] {
    return [...this.#open].filter(([, response]) => response === responseId).map(([item]) => item);
  }

  /** The connection is new: nothing asked on the old one will be answered. */
  reset(): void {
    this.#asked.clear();
    this.#unwanted = 0;
    this.#open.clear();
  }
}
