/**
 * Polls the counts: the only source of news without a stream, and an occasional correction with one. Unchanged counts cost a 304. After
 * errors it polls less often.
 */
import type { Counts } from "../api";
import { backoff, between } from "./backoff";
import type { Inbox, Refusal } from "./inbox";

const FIRST_BACKOFF_MS = 5_000;
const LONGEST_BACKOFF_MS = 5 * 60_000;

export class Poller {
  /** When the last successful request was sent; 0 for never. */
  asked = 0;

  readonly #inbox: Inbox;
  readonly #onCounts: (counts: Counts, asked: number) => void;
  readonly #onRefusal: (refusal: Refusal) => void;
  #etag: string | undefined;
  #counts: Counts | undefined;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = 0;
  #asking: AbortController | undefined;
  #isAskedAgain = false;

  constructor(
    inbox: Inbox,
    /** Between two polls, in milliseconds. */
    public pause: readonly [from: number, to: number],
    onCounts: (counts: Counts, asked: number) => void,
    onRefusal: (refusal: Refusal) => void,
  ) {
    this.#inbox = inbox;
    this.#onCounts = onCounts;
    this.#onRefusal = onRefusal;
  }

  get isAsking(): boolean {
    return this.#asking !== undefined;
  }

  /** Polls within `wait` milliseconds. During a request, one more follows it. */
  ask(wait = 0): void {
    if (this.#asking) {
      this.#isAskedAgain = true;
      return;
    }
    const due = Date.now() + wait;
    if (this.#timer !== undefined && this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#poll(), wait);
  }

  /** Stops until `ask` is called; the answer to a request under way is dropped. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asking?.abort();
    this.#asking = undefined;
    this.#isAskedAgain = false;
  }

  async #poll(): Promise<void> {
    this.#timer = undefined;
    const asking = new AbortController();
    this.#asking = asking;
    const asked = Date.now();
    let wait: number | undefined;
    try {
      const { data, etag } = await this.#inbox.getCounts(this.#etag, asking.signal);
      if (data) {
        this.#counts = data;
        this.#etag = etag;
      }
      this.#failures = 0;
      this.asked = asked;
      if (this.#counts && !asking.signal.aborted) this.#onCounts(this.#counts, asked);
    } catch (error) {
      if (asking.signal.aborted) return;
      const refusal = error as Refusal;
      this.#failures += 1;
      wait = backoff(this.#failures, FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS) + (refusal.retryAfterMs ?? 0);
      this.#onRefusal(refusal);
    }
    // The handler of the answer may have stopped it, and started it again.
    if (this.#asking !== asking) return;
    this.#asking = undefined;
    const isAgain = this.#isAskedAgain && wait === undefined;
    this.#isAskedAgain = false;
    this.ask(isAgain ? 0 : (wait ?? between(...this.pause)));
  }
}
