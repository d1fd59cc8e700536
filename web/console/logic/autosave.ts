/** When a draft is saved: some seconds after its last change, one attempt at a time, and again after a passing error. */
import { Problem } from "../../api";

const SAVE_AFTER_MS = 2_000;
const RETRY_AFTER_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;

/** Resolves with why nothing was saved, or with null. `isLeaving`: the page is about to go. */
export type Attempt = (isLeaving: boolean) => Promise<unknown>;

export class Autosave {
  readonly #attempt: Attempt;
  readonly #isWanted: () => boolean;
  #running: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  /** `isWanted`: whether there is something that may be saved without a person's asking for it. */
  constructor(attempt: Attempt, isWanted: () => boolean) {
    this.#attempt = attempt;
    this.#isWanted = isWanted;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Saves after a while; in the place of what was to be saved earlier or later. */
  later(ms = SAVE_AFTER_MS): void {
    clearTimeout(this.#timer);
    if (this.#isWanted()) this.#timer = setTimeout(() => void this.now(), ms);
  }

  async now(isLeaving = false): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#running) await this.#running;
    this.#running = this.#run(isLeaving).finally(() => {
      this.#running = null;
    });
    await this.#running;
  }

  /** Resolves once nothing is being saved; nothing more is until somebody asks. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
    clearTimeout(this.#timer);
  }

  async #run(isLeaving: boolean): Promise<void> {
    const error = await this.#attempt(isLeaving);
    if (!(error instanceof Problem && error.isPassing)) {
      this.#failures = 0;
      return;
    }
    const pause = Math.min(RETRY_AFTER_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures += 1;
    this.later(Math.max(pause, error.retryAfterMs ?? 0));
  }
}
