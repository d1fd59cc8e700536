/** Sends one message: tries again by itself for a passing reason. Each attempt is for the same draft, which is sent once. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type Message, Problem } from "../../api";
import { withRetries } from "../logic/retries";

export interface Outcome {
  readonly message: Message | null;
  readonly error: unknown;
}

export class Sender implements ReactiveController {
  isSending = false;
  /** Which attempt is on its way, from 1. */
  attempt = 1;
  /** Whether the last attempt got no answer: it may or may not have arrived. */
  isUnanswered = false;
  readonly #host: ReactiveControllerHost;
  #abort = new AbortController();

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.stop();
  }

  /** Gives up waiting. What is on its way may still arrive. */
  stop(): void {
    this.#abort.abort();
  }

  async send(post: () => Promise<Message>): Promise<Outcome> {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#set(true, 1);
    try {
      const message = await withRetries(post, { signal, waiting: (attempt) => this.#set(true, attempt) });
      this.isUnanswered = false;
      return { message, error: null };
    } catch (error) {
      this.isUnanswered = !isRefusal(error);
      return { message: null, error };
    } finally {
      this.#set(false, 1);
    }
  }

  #set(isSending: boolean, attempt: number): void {
    this.isSending = isSending;
    this.attempt = attempt;
    this.#host.requestUpdate();
  }
}

/** Whether the hub has said no to this message; not signed in says nothing about an earlier attempt. */
function isRefusal(error: unknown): boolean {
  return error instanceof Problem && !error.isPassing && error.status !== 401;
}
