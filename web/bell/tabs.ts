/**
 * The tabs of one user: one of them leads (it has the connection) and posts events to the others. The lead is a Web Lock: the browser
 * passes it on when the leader's tab is closed. Only visible tabs request it, and a hidden leader hands it over, because browsers slow
 * down, freeze or discard hidden tabs. Without locks or channels (a page without https, denied site storage) each tab leads itself.
 */
import type { BellEvent } from "./events";

/** A leader that has not answered for that long is taken to be frozen. */
const ANSWER_MS = 2_000;

type Post =
  | BellEvent
  | { readonly kind: "hello"; readonly isVisible: boolean }
  | { readonly kind: "welcome"; readonly events: readonly BellEvent[] };

interface Handlers {
  onEvent(event: BellEvent): void;
  onLead(isLeader: boolean): void;
  /** The events that bring a new tab up to date. */
  summary(): readonly BellEvent[];
}

export class Tabs {
  readonly #name: string;
  readonly #handlers: Handlers;
  #isShared: boolean;
  #channel: BroadcastChannel | undefined;
  #contest: AbortController | undefined;
  #release: (() => void) | undefined;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;
  #isWilling = true;

  constructor(name: string | undefined, handlers: Handlers) {
    this.#name = name ?? "";
    this.#handlers = handlers;
    this.#isShared = name !== undefined && Boolean(navigator.locks) && typeof BroadcastChannel === "function";
  }

  join(): void {
    this.#isWilling = true;
    try {
      if (this.#isShared) this.#channel = new BroadcastChannel(this.#name);
    } catch {
      this.#isShared = false;
    }
    if (!this.#channel) {
      this.#handlers.onLead(true);
      return;
    }
    this.#channel.onmessage = (event: MessageEvent<Post>) => this.#receive(event.data);
    document.addEventListener("visibilitychange", this.#onVisibility);
    this.#contend();
    this.#hello();
  }

  leave(): void {
    if (!this.#isShared) this.#handlers.onLead(false);
    this.#withdraw();
    this.#disconnect();
  }

  #disconnect(): void {
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#channel?.close();
    this.#channel = undefined;
  }

  post(event: BellEvent): void {
    this.#send(event);
  }

  /** A tab whose token is refused lets another try, and wants the lead again once `isWilling`. */
  setWilling(isWilling: boolean): void {
    if (this.#isWilling === isWilling) return;
    this.#isWilling = isWilling;
    if (!this.#isShared) this.#handlers.onLead(isWilling);
    else if (isWilling) this.#contend();
    else this.#withdraw();
  }

  readonly #onVisibility = (): void => {
    if (!document.hidden) {
      this.#contend();
      this.#hello();
    } else if (this.#release) {
      void this.#handOver();
    } else {
      this.#withdraw();
    }
  };

  #send(post: Post): void {
    this.#channel?.postMessage(post);
  }

  #hello(): void {
    if (this.#release) return;
    this.#send({ kind: "hello", isVisible: !document.hidden });
    clearTimeout(this.#answerTimer);
    this.#answerTimer = setTimeout(() => this.#contend(true), ANSWER_MS);
  }

  #receive(post: Post): void {
    if (post.kind === "hello") {
      if (!this.#release) return;
      this.#send({ kind: "welcome", events: this.#handlers.summary() });
      if (post.isVisible && document.hidden) this.#withdraw();
    } else if (post.kind === "welcome") {
      clearTimeout(this.#answerTimer);
      if (!this.#release) for (const event of post.events) this.#handlers.onEvent(event);
    } else {
      this.#handlers.onEvent(post);
    }
  }

  /** Waits for the lead, if it is not waiting or leading already; `isForced` takes it. */
  #contend(isForced = false): void {
    if (!this.#channel || !this.#isWilling || document.hidden || this.#release) return;
    if (this.#contest && !isForced) return;
    this.#contest?.abort();
    const contest = new AbortController();
    this.#contest = contest;
    const options: LockOptions = isForced ? { steal: true } : { signal: contest.signal };
    navigator.locks
      .request(this.#name, options, () => (contest.signal.aborted ? undefined : this.#lead()))
      .catch((error: unknown) => {
        // Given up, or taken by another tab; anything else means that this page may have no locks.
        if ((error as Error).name !== "AbortError" && this.#channel) this.#leadAlone();
      })
      .finally(() => this.#lose(contest));
  }

  #leadAlone(): void {
    this.#withdraw();
    this.#disconnect();
    this.#isShared = false;
    this.#handlers.onLead(this.#isWilling);
  }

  #lead(): Promise<void> {
    clearTimeout(this.#answerTimer);
    return new Promise((resolve) => {
      this.#release = resolve;
      this.#handlers.onLead(true);
    });
  }

  #lose(contest: AbortController): void {
    if (this.#contest !== contest) return;
    this.#contest = undefined;
    if (!this.#release) return;
    this.#release = undefined;
    this.#handlers.onLead(false);
    this.#contend();
  }

  async #handOver(): Promise<void> {
    const { pending } = await navigator.locks.query().catch(() => ({ pending: [] }));
    if (!pending?.some((lock) => lock.name === this.#name)) return;
    this.#withdraw();
    // Should it be looked at again by now.
    this.#contend();
  }

  /** Neither leads nor wants to. */
  #withdraw(): void {
    clearTimeout(this.#answerTimer);
    const release = this.#release;
    this.#release = undefined;
    this.#contest?.abort();
    this.#contest = undefined;
    if (!release) return;
    this.#handlers.onLead(false);
    release();
  }
}
