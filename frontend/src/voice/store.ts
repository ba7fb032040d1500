import { initialState, reduce, type Action, type VoiceState } from './state';

/** Holds the one state of the page, for React and for the session alike. */
export class Store {
  #state = initialState;
  readonly #listeners = new Set<() => void>();

  readonly get = (): VoiceState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly dispatch = (action: Action): void => {
    this.#state = reduce(this.#state, action);
    for (const listener of this.#listeners) listener();
  };

  set(values: Partial<Omit<VoiceState, 'turns'>>): void {
    const changed = Object.entries(values).some(([key, value]) => this.#state[key as keyof VoiceState] !== value);
    if (changed) this.dispatch({ type: 'set', values });
  }
}
