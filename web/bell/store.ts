/**
 * One user's notifications in this tab: what the server answered (`#base`), and over it the mutations that it has not confirmed yet. A
 * confirmed mutation becomes an event for all tabs; a failed one is dropped, so nothing has to be undone. Requests for lists and
 * mutations run one after the other: no answer is older than the state it is applied to.
 */

import type { Feed, Notification } from "../api";
import type { Credentials } from "./credentials";
import { type BellEvent, withEvent } from "./events";
import { type Inbox, Refusal } from "./inbox";
import { Link } from "./link";
import type { Mutation } from "./mutations";
import type { ListKey, Phase, State } from "./state";
import * as states from "./state";
import { Tabs } from "./tabs";

const TRIES = 3;
const LONGEST_WAIT_MS = 5_000;
const SIGNED_OUT_PAUSE_MS = 60_000;
/** What `setTimeout` takes at most. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Called after every change, with its event if there was one. */
export type Listener = (event?: BellEvent) => void;

export class Store {
  readonly #inbox: Inbox;
  readonly #credentials: Credentials;
  readonly #tabs: Tabs;
  readonly #link: Link;
  readonly #listeners = new Set<Listener>();
  readonly #watched = new Map<object, ListKey>();
  readonly #etags = new Map<ListKey, string>();
  #base: State = states.EMPTY;
  #mutations: readonly Mutation[] = [];
  #shown: State | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #countsAsked = 0;
  /** When the last mutation was confirmed: counts requested before do not include it. */
  #settled = 0;
  #signedOut = 0;
  #life: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `name` is the same in all tabs that belong together; undefined where this tab is to be alone. */
  constructor(inbox: Inbox, credentials: Credentials, name: string | undefined) {
    this.#inbox = inbox;
    this.#credentials = credentials;
    this.#link = new Link(inbox, (event) => this.#publish(event));
    this.#tabs = new Tabs(name, {
      onEvent: (event) => this.#apply(event),
      onLead: (isLeader) => (isLeader ? this.#link.start() : this.#link.stop()),
      summary: () => this.#summary(),
    });
  }

  get state(): State {
    this.#shown ??= this.#mutations.reduce((state, mutation) => mutation.predict(state), this.#base);
    return this.#shown;
  }

  /** Another user's token that the page gave: the page needs another store. */
  get foreignToken(): string | undefined {
    return this.#credentials.foreign;
  }

  start(): void {
    this.#life = new AbortController();
    const { signal } = this.#life;
    document.addEventListener("visibilitychange", () => this.#onVisibility(), { signal });
    // A page that the browser keeps for "back" must hold no lock and no connection.
    window.addEventListener("pagehide", () => this.#tabs.leave(), { signal });
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.#tabs.join(), { signal });
    this.#tabs.join();
  }

  stop(): void {
    this.#life?.abort();
    clearTimeout(this.#timer);
    this.#tabs.leave();
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Another token or `getToken`: a store that was signed out tries again. */
  setCredentials(token: string | undefined, ask: Credentials["ask"]): void {
    const isNew = (token && token !== this.#credentials.token) || ask !== this.#credentials.ask;
    if (token) this.#credentials.token = token;
    this.#credentials.ask = ask;
    if (isNew) this.#signInAgain();
  }

  /** `who` shows this list (undefined: none): it is loaded, and again whenever an event says that it is stale. */
  watch(who: object, key: ListKey | undefined): void {
    if (!key) this.#watched.delete(who);
    else {
      this.#watched.set(who, key);
      void this.load(key);
    }
  }

  /** Brings in one message, which may be in no list. Rejects with a `Refusal`. */
  async find(id: string): Promise<void> {
    const { data } = await this.#inbox.getOne(id);
    if (data) this.#change(states.withItem(this.#base, data));
  }

  /** The user wants to know now. */
  refresh(): void {
    this.#signInAgain();
    this.#link.ask();
    this.#loadWatched();
  }

  /** The first page of a list, or (`isOlder`) the next one. Never rejects: the list's phases say how it went. */
  load(key: ListKey, isOlder = false): Promise<void> {
    const { cursor, phase, older } = states.listOf(this.#base, key);
    if (isOlder && (!cursor || older === "loading")) return Promise.resolve();
    const become = (next: Phase) =>
      this.#change(states.withList(this.#base, key, isOlder ? { older: next } : { phase: next }));
    if (isOlder || phase !== "ready") become("loading");
    return this.#enqueue(async () => {
      const asked = Date.now();
      try {
        const page = isOlder && cursor ? { after: cursor } : { etag: this.#etags.get(key) };
        const { data, etag } = await this.#inbox.getFeed(key, page);
        if (!data) return become("ready");
        if (!isOlder) await this.#findLost(data);
        if (!isOlder && etag) this.#etags.set(key, etag);
        this.#change(states.withPage(this.#base, key, withoutExpired(data), isOlder));
        this.#publish({ kind: "counts", counts: states.countsOf(data), asked });
      } catch (error) {
        this.#notice(error);
        become("failed");
      }
    });
  }

  /** What the server no longer names as to be acknowledged: only the message itself says why. */
  async #findLost({ data, to_acknowledge }: Feed): Promise<void> {
    const named = new Set([...data, ...to_acknowledge].map((item) => item.id));
    const lost = states.asking(this.#base, []).filter((item) => !named.has(item.id));
    await Promise.all(lost.map((item) => this.find(item.id).catch(() => undefined)));
  }

  /** Shows the expected result at once. Rejects with a `Refusal` when the server refuses. */
  mutate(mutation: Mutation): Promise<void> {
    this.#mutations = [...this.#mutations, mutation];
    this.#change(this.#base);
    return this.#enqueue(async () => {
      let event: BellEvent | undefined;
      try {
        event = await persist(() => mutation.confirm(this.#inbox));
        this.#settled = Date.now();
      } catch (error) {
        this.#notice(error);
        if (mutation.id) await this.#reconsider(mutation.id, error);
        throw error;
      } finally {
        this.#mutations = this.#mutations.filter((other) => other !== mutation);
        if (!event) this.#change(this.#base);
      }
      this.#publish(event);
    });
  }

  /** A message is not as it was known, where that is why a change of it was refused. */
  async #reconsider(id: string, error: unknown): Promise<void> {
    if (!isStale(error)) return;
    if (isGone(error)) this.#publish({ kind: "recalled", id });
    else if (error.code === "message-expired") this.#publish({ kind: "expired", id });
    else await this.find(id).catch(() => undefined);
    this.#link.ask();
  }

  #publish(event: BellEvent): void {
    this.#apply(event);
    // Each tab has a token of its own.
    if (event.kind !== "connection" || event.connection !== "signed-out") this.#tabs.post(event);
  }

  #apply(event: BellEvent): void {
    if (event.kind === "counts") {
      // These counts may or may not include a mutation that was under way when they were requested.
      if (this.#mutations.length > 0 || event.asked < this.#settled) {
        this.#link.ask(1_000);
        return;
      }
      if (event.asked < this.#countsAsked) return;
      this.#countsAsked = event.asked;
    }
    const before = this.#base;
    if (event.kind === "changed" || event.kind === "through") this.#settled = Date.now();
    this.#change(withEvent(before, event), event);
    const { counts } = before;
    const hasChanged = event.kind === "counts" && counts !== undefined && !areSame(counts, event.counts);
    const isStale = event.kind === "stale" || hasChanged;
    if (isStale || states.hasRoomOnTop(before, this.#base, Date.now())) this.#loadWatched();
    if (event.kind === "connection" && event.connection === "signed-out") {
      this.#signedOut = Date.now();
      this.#tabs.setWilling(false);
    }
  }

  #change(base: State, event?: BellEvent): void {
    this.#base = base;
    this.#shown = undefined;
    for (const listener of this.#listeners) listener(event);
    clearTimeout(this.#timer);
    const wait = states.nextTime(base, Date.now()) - Date.now();
    if (wait < LONGEST_TIMER_MS && !this.#life?.signal.aborted) this.#timer = setTimeout(() => this.#onTime(), wait);
  }

  /** A message expires or a pin ends: without a stream only the clock says so. */
  #onTime(): void {
    this.#change(this.#base);
    for (const item of this.#base.items.values()) {
      // One that the server has called expired is shown because its reader wants to see it.
      if (item.expired || !states.isExpired(item, Date.now())) continue;
      this.#apply({ kind: "expired", id: item.id });
      this.#link.askSoon();
    }
  }

  #summary(): readonly BellEvent[] {
    const { counts, connection } = this.#base;
    const events: BellEvent[] = [{ kind: "connection", connection }];
    return counts ? [...events, { kind: "counts", counts, asked: this.#countsAsked }] : events;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  #loadWatched(): void {
    for (const key of new Set(this.#watched.values())) void this.load(key);
  }

  #notice(error: unknown): void {
    if (error instanceof Refusal && error.status === 401) this.#apply({ kind: "connection", connection: "signed-out" });
  }

  #signInAgain(): void {
    if (this.#base.connection !== "signed-out") return;
    this.#apply({ kind: "connection", connection: "starting" });
    this.#tabs.setWilling(true);
    this.#loadWatched();
  }

  #onVisibility(): void {
    const isTime = Date.now() - this.#signedOut > SIGNED_OUT_PAUSE_MS;
    if (!document.hidden && isTime && this.#credentials.ask) this.#signInAgain();
  }
}

/** A clock that is fast expires a message before the server does: it stays away. */
function withoutExpired(page: Feed): Feed {
  const isShown = (item: Notification) => !states.isExpired(item, Date.now());
  return {
    ...page,
    data: page.data.filter(isShown),
    pinned: page.pinned.filter(isShown),
    to_acknowledge: page.to_acknowledge.filter(isShown),
  };
}

/** Whether a request failed because of what the message is by now. */
function isStale(error: unknown): error is Refusal {
  return error instanceof Refusal && (error.status === 404 || error.status === 409);
}

/** Whether the message of a request has gone: recalled, or no longer this user's. */
export function isGone(error: unknown): boolean {
  return isStale(error) && (error.status === 404 || error.code === "recalled");
}

/** Mutations are idempotent: they are sent again where the server is busy. */
async function persist<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      const isBusy = error instanceof Refusal && (error.status === 429 || error.status === 503);
      if (!isBusy || tries === TRIES) throw error;
      await new Promise((resolve) =>
        setTimeout(resolve, Math.min(error.retryAfterMs ?? 1_000 * tries, LONGEST_WAIT_MS)),
      );
    }
  }
}

function areSame(one: State["counts"], other: State["counts"]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
