/**
 * The leading tab's connection to the hub: a stream, and a poller that corrects it or replaces it. Turns what they receive into events.
 * A hidden page does not poll, and closes its stream after some minutes.
 */
import type { Counts, Notification } from "../api";
import { between } from "./backoff";
import type { BellEvent } from "./events";
import type { Inbox, Refusal } from "./inbox";
import { Poller } from "./poller";
import type { Connection } from "./state";
import { Stream } from "./stream";

/** Between two polls, without a stream and with one: a stream does not report what the user does on another device. */
const PAUSE_POLLING_MS = [24_000, 36_000] as const;
const PAUSE_LIVE_MS = [60_000, 120_000] as const;
/** A stream begins with the counts; they are requested only where it has not begun by then. */
const PATIENCE_MS = 1_000;
/** How long the stream of a hidden page stays open. */
const HIDDEN_STREAM_MS = 5 * 60_000;
/** All bells learn at the same moment that something changed; they send their requests spread over this time. */
const SPREAD_MS = 3_000;
/** Counts requested this shortly before a notification arrived may include it. */
const DOUBTFUL_MS = 1_000;

export class Link {
  readonly #emit: (event: BellEvent) => void;
  readonly #poller: Poller;
  readonly #stream: Stream;
  #started: AbortController | undefined;
  #connection: Connection = "starting";
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(inbox: Inbox, emit: (event: BellEvent) => void) {
    this.#emit = emit;
    this.#poller = new Poller(
      inbox,
      PAUSE_POLLING_MS,
      (counts, asked) => {
        if (this.#connection !== "live") this.#become("polling");
        emit({ kind: "counts", counts, asked });
      },
      (refusal) => this.#fail(refusal),
    );
    this.#stream = new Stream(
      inbox,
      (event, data) => this.#onStream(event, JSON.parse(data)),
      (refusal) => this.#onStreamEnd(refusal),
    );
  }

  start(): void {
    if (this.#started) return;
    this.#started = new AbortController();
    const { signal } = this.#started;
    const wake = () => this.#wake();
    document.addEventListener("visibilitychange", wake, { signal });
    window.addEventListener("online", wake, { signal });
    window.addEventListener("offline", wake, { signal });
    wake();
  }

  stop(): void {
    if (!this.#started) return;
    this.#started.abort();
    this.#started = undefined;
    this.#rest();
    this.#connection = "starting";
  }

  /** Requests the counts now, or within `wait` milliseconds. */
  ask(wait = 0): void {
    if (this.#started && !document.hidden) this.#poller.ask(wait);
  }

  /** Requests the counts soon; all bells want to at the same moment. */
  askSoon(): void {
    this.ask(between(0, SPREAD_MS));
  }

  /** Starts or stops stream and poller, as the page is visible and online or not. */
  #wake(): void {
    clearTimeout(this.#hiddenTimer);
    if (!navigator.onLine) {
      this.#rest();
      this.#become("offline");
    } else if (document.hidden) {
      this.#poller.stop();
      this.#hiddenTimer = setTimeout(() => this.#stream.stop(), HIDDEN_STREAM_MS);
    } else {
      this.#stream.start();
      this.ask(this.#connection === "live" ? 0 : PATIENCE_MS);
    }
  }

  #rest(): void {
    clearTimeout(this.#hiddenTimer);
    this.#poller.stop();
    this.#stream.stop();
  }

  #onStream(event: string, data: Counts & Notification): void {
    if (event === "ready") {
      this.#become("live");
      this.#poller.stop();
      this.#poller.pause = PAUSE_LIVE_MS;
      this.ask(between(...PAUSE_LIVE_MS));
      this.#emit({ kind: "counts", counts: data, asked: Date.now() });
      // Between two streams a recall may have been missed.
      this.#emit({ kind: "stale" });
    } else if (event === "notification") this.#arrive(data);
    else if (event === "recalled" || event === "expired" || event === "sync") {
      this.#emit(event === "sync" ? { kind: "stale" } : { kind: event, id: data.id });
      this.askSoon();
    }
  }

  #onStreamEnd(refusal: Refusal | undefined): void {
    this.#poller.pause = PAUSE_POLLING_MS;
    if (this.#connection === "live") {
      this.#become("polling");
      // Not at once: most streams that end are back within moments, and many end at the same one.
      this.ask(between(PATIENCE_MS, SPREAD_MS));
    }
    if (refusal?.status === 401) this.#fail(refusal);
  }

  #arrive(notification: Notification): void {
    const isCounted = this.#poller.isAsking || Date.now() - this.#poller.asked < DOUBTFUL_MS;
    this.#emit({ kind: "arrived", notification, isCounted });
    if (isCounted) this.ask();
  }

  #fail(refusal: Refusal): void {
    if (refusal.status === 401) {
      this.#rest();
      this.#become("signed-out");
    } else if (this.#connection !== "live") {
      this.#become("offline");
    }
  }

  #become(connection: Connection): void {
    if (this.#connection === connection) return;
    this.#connection = connection;
    this.#emit({ kind: "connection", connection });
  }
}
