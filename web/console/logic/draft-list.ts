/** The drafts of some states, as a list that grows when its reader asks for more. */
import type { KeptDraft } from "../../api";
import type { DraftCalls, DraftState } from "../hub-drafts";
import type { Status } from "./pages";

export const PAGE = 100;

export class DraftList {
  drafts: readonly KeptDraft[] = [];
  status: Status = "loading";
  error: unknown = null;
  readonly #calls: DraftCalls;
  readonly #states: readonly DraftState[];
  readonly #changed: () => void;
  /** How many of each state. */
  #wanted = PAGE;

  constructor(calls: DraftCalls, states: readonly DraftState[], changed: () => void) {
    this.#calls = calls;
    this.#states = states;
    this.#changed = changed;
  }

  /** Reads again what is shown. Never rejects; what is shown stays where that fails. */
  async load(): Promise<void> {
    const wanted = this.#wanted;
    try {
      const { drafts, hasMore } = await this.#calls.list(this.#states, wanted);
      // Else its reader has asked for more meanwhile, and that is on its way.
      if (wanted !== this.#wanted) return;
      this.drafts = drafts;
      this.status = hasMore ? "idle" : "complete";
    } catch (error) {
      this.error = error;
      if (this.status === "loading") this.status = "failed";
    }
    this.#changed();
  }

  more(): Promise<void> {
    this.#wanted += PAGE;
    return this.retry();
  }

  retry(): Promise<void> {
    this.status = "loading";
    this.#changed();
    return this.load();
  }
}
