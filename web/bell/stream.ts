/**
 * Keeps one event stream open: reads it, notices when it goes silent, and opens it again from its last event, after the pause that the
 * server asks for and a backoff for failures.
 */
import { backoff, between } from "./backoff";
import { type Inbox, Refusal } from "./inbox";
import { EventStreamParser, type StreamEvent } from "./sse";

// The server sends something at least every 15 seconds.
const SILENCE_MS = 40_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
// Where no stream is served there may be one after the next upgrade.
const NONE_PAUSE_MS = 10 * 60_000;
const NONE_STATUSES = [200, 404, 405];

export class Stream {
  readonly #inbox: Inbox;
  readonly #onEvent: (event: string, data: string) => void;
  readonly #onEnd: (refusal: Refusal | undefined) => void;
  #running: AbortController | undefined;
  #wake: (() => void) | undefined;
  #lastId: string | undefined;
  #retry: number | undefined;
  #failures = 0;

  /** `onEnd`: the stream has ended, or could not be opened; it is opened again, unless the status is 401. */
  constructor(
    inbox: Inbox,
    onEvent: (event: string, data: string) => void,
    onEnd: (refusal: Refusal | undefined) => void,
  ) {
    this.#inbox = inbox;
    this.#onEvent = onEvent;
    this.#onEnd = onEnd;
  }

  /** Starts it, or, where it is waiting to open again, does not wait any longer. */
  start(): void {
    if (!this.#running) void this.#run();
    else this.#wake?.();
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    for (;;) {
      let refusal: Refusal | undefined;
      try {
        await this.#readOnce(running.signal);
      } catch (error) {
        refusal = error instanceof Refusal ? error : new Refusal(0);
        this.#failures += 1;
        // The id to resume from may be what was refused: the next try goes without it.
        if (refusal.status >= 400 && refusal.status < 500) this.#lastId = undefined;
      }
      if (running.signal.aborted) return;
      if (refusal?.status === 401) this.#running = undefined;
      this.#onEnd(refusal);
      if (refusal?.status === 401) return;
      await this.#pause(this.#pauseAfter(refusal));
      if (running.signal.aborted) return;
    }
  }

  #pauseAfter(refusal: Refusal | undefined): number {
    if (refusal && NONE_STATUSES.includes(refusal.status)) return between(NONE_PAUSE_MS / 2, NONE_PAUSE_MS);
    const grown = this.#failures > 0 ? backoff(this.#failures, FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS) : 0;
    return grown + (refusal?.retryAfterMs ?? this.#retry ?? between(200, 2_000));
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Until it ends. Throws what went wrong, if something did. */
  async #readOnce(stopped: AbortSignal): Promise<void> {
    const silent = new AbortController();
    const expect = () => setTimeout(() => silent.abort(), SILENCE_MS);
    let watch = expect();
    try {
      const body = await this.#inbox.openStream(this.#lastId, AbortSignal.any([stopped, silent.signal]));
      const parser = new EventStreamParser();
      const reader = body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || stopped.aborted) return;
        clearTimeout(watch);
        watch = expect();
        for (const event of parser.read(value)) this.#take(event);
      }
    } finally {
      clearTimeout(watch);
      // Closes the connection, however the reading ended.
      silent.abort();
    }
  }

  #take({ event, data = "{}", id, retry }: StreamEvent): void {
    // Set first: an event that cannot be read would otherwise come again.
    this.#lastId = id ?? this.#lastId;
    if (retry) this.#retry = Number(retry);
    if (event === "ready") this.#failures = 0;
    if (event) this.#onEvent(event, data);
  }
}
