/** Sends one message: tries again by itself for a passing reason, always under the draft's own idempotency key. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type Message, type NewMessage, Problem } from "../../api";
import { type Draft, withAttempt, withRefusal } from "../logic/draft";
import { withRetries } from "../logic/retries";

export interface Outcome {
  readonly message: Message | null;
  readonly error: unknown;
}

export class Sender implements ReactiveController {
  isSending = false;
  /** Which attempt is on its way, from 1. */
  attempt = 1;
  readonly #host: ReactiveControllerHost;
  readonly #keep: (change: Pick<Draft, "key" | "unanswered">) => void;
  #abort = new AbortController();

  /** `keep` is called before anything is sent, and after a refusal: what has changed of the draft. */
  constructor(host: ReactiveControllerHost, keep: (change: Pick<Draft, "key" | "unanswered">) => void) {
    this.#host = host;
    this.#keep = keep;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.stop();
  }

  /** Gives up waiting. What is on its way may still arrive; the draft keeps its key. */
  stop(): void {
    this.#abort.abort();
  }

  async send(draft: Draft, message: NewMessage, post: (key: string) => Promise<Message>): Promise<Outcome> {
    const attempted = withAttempt(draft, message);
    this.#keepOf(attempted);
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#set(true, 1);
    try {
      const sent = await withRetries(() => post(draft.key), {
        signal,
        waiting: (attempt) => this.#set(true, attempt),
      });
      return { message: sent, error: null };
    } catch (error) {
      if (isRefusal(error)) this.#keepOf(withRefusal(attempted, error.code));
      return { message: null, error };
    } finally {
      this.#set(false, 1);
    }
  }

  #keepOf({ key, unanswered }: Draft): void {
    this.#keep({ key, unanswered });
  }

  #set(isSending: boolean, attempt: number): void {
    this.isSending = isSending;
    this.attempt = attempt;
    this.#host.requestUpdate();
  }
}

/** Whether the hub has said no to this message; not signed in says nothing about an earlier attempt. */
function isRefusal(error: unknown): error is Problem {
  return error instanceof Problem && !error.isPassing && error.status !== 401;
}
