import type { Action } from "./state/actions.ts";
import { reduce } from "./state/reducer.ts";
import { initialState, type Choice, type PageState, type Want } from "./state/model.ts";

export type Dispatch = (action: Action) => void;

/** Holds the page's state: an action goes through the reducer, the page is drawn, and what it wants is fetched. */
export class Store {
  #state: PageState;
  readonly #draw: (state: PageState) => void;
  readonly #fetch: (want: Want) => Promise<Action>;
  #isDrawn = true;

  constructor(choice: Choice | null, draw: (state: PageState) => void, fetch: (want: Want) => Promise<Action>) {
    this.#state = initialState(choice);
    this.#draw = draw;
    this.#fetch = fetch;
  }

  get state(): PageState {
    return this.#state;
  }

  readonly dispatch: Dispatch = (action) => {
    this.#state = reduce(this.#state, action);
    const { wants } = this.#state;
    if (wants.length > 0) {
      this.#state = reduce(this.#state, { type: "fetching", wants });
      for (const want of wants) void this.#fetch(want).then(this.dispatch);
    }
    this.#schedule();
  };

  /** Many events in a moment are one drawing. A page in the background has no animation frames, and needs none. */
  #schedule(): void {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    requestAnimationFrame(() => {
      this.#isDrawn = true;
      this.#draw(this.#state);
    });
  }
}
