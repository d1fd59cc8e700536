/** Repeats a task for as long as its element is in the page and can be seen; waits longer after failures. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { Problem } from "../../api";

const LONGEST_MS = 60_000;

/** Does its work and answers after how many milliseconds it is wanted again; null: never. */
export type Task = (signal: AbortSignal) => Promise<number | null>;

export class Poller implements ReactiveController {
  readonly #task: Task;
  readonly #firstRetryMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | null = null;
  #failures = 0;
  #isWanted = false;

  constructor(host: ReactiveControllerHost, task: Task, firstRetryMs = 2_000) {
    this.#task = task;
    this.#firstRetryMs = firstRetryMs;
    host.addController(this);
  }

  hostConnected(): void {
    document.addEventListener("visibilitychange", this.#look);
    window.addEventListener("online", this.#look);
    this.#look();
  }

  hostDisconnected(): void {
    document.removeEventListener("visibilitychange", this.#look);
    window.removeEventListener("online", this.#look);
    this.#pause();
  }

  /** Begins with the task after `delayMs`. */
  start(delayMs = 0): void {
    this.#isWanted = true;
    this.#failures = 0;
    this.#schedule(delayMs);
  }

  stop(): void {
    this.#isWanted = false;
    this.#pause();
  }

  readonly #look = () => {
    if (!this.#isWanted) return;
    if (document.hidden) this.#pause();
    else this.#schedule(0);
  };

  #pause(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
  }

  #schedule(delayMs: number): void {
    this.#pause();
    if (document.hidden) return;
    // Up to a tenth more, so that many consoles that were opened together do not ask together for ever.
    this.#timer = setTimeout(() => void this.#run(), delayMs * (1 + Math.random() / 10));
  }

  async #run(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    let delayMs: number | null;
    try {
      delayMs = await this.#task(abort.signal);
      this.#failures = 0;
    } catch (error) {
      delayMs = this.#pauseAfter(error);
    }
    if (abort.signal.aborted) return;
    if (delayMs === null) this.#isWanted = false;
    else this.#schedule(delayMs);
  }

  #pauseAfter(error: unknown): number {
    const usual = Math.min(this.#firstRetryMs * 2 ** this.#failures, LONGEST_MS);
    this.#failures += 1;
    return Math.max(usual, error instanceof Problem ? (error.retryAfterMs ?? 0) : 0);
  }
}
