/**
 * Finds the store for the user whose token an element has, and changes it when another user signs in. Elements of one page that
 * belong to the same user share a store; tabs share what they know (see tabs.ts).
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { backoff } from "./backoff";
import { type AskForToken, Credentials } from "./credentials";
import type { BellEvent } from "./events";
import { sharedName } from "./identity";
import { Inbox } from "./inbox";
import * as states from "./state";
import { Store } from "./store";

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;

interface Shared {
  readonly store: Store;
  users: number;
}

const stores = new Map<string, Shared>();

export interface Access {
  src: string;
  streamUrl: string;
  token?: string | undefined;
  getToken?: AskForToken | undefined;
}

export class Session implements ReactiveController {
  store: Store | undefined;

  readonly #host: ReactiveControllerHost & EventTarget;
  readonly #onEvent: (event: BellEvent | undefined) => void;
  #access: Access | undefined;
  #name = "";
  #turn = 0;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void) | undefined;
  #connection: states.Connection = "starting";

  constructor(host: ReactiveControllerHost & EventTarget, onEvent: (event: BellEvent | undefined) => void) {
    this.#host = host;
    this.#onEvent = onEvent;
    host.addController(this);
  }

  /** What to show; before there is a store, only the connection. */
  get state(): states.State {
    return this.store?.state ?? { ...states.EMPTY, connection: this.#connection };
  }

  hostConnected(): void {
    if (this.#access) void this.#open();
  }

  hostDisconnected(): void {
    this.#close();
  }

  /** To be called whenever the address or the token changes. */
  use(access: Access): void {
    this.#access = access;
    if (this.store && access.token && nameOf(access.src, access.token) === this.#name) {
      this.store.setCredentials(access.token, access.getToken);
    } else {
      void this.#open();
    }
  }

  /** Tries again now. */
  refresh(): void {
    if (this.store) this.store.refresh();
    else if (this.#access) void this.#open();
  }

  async #open(first?: string): Promise<void> {
    this.#close();
    const access = this.#access;
    if (!access) return;
    const turn = this.#turn;
    let token = first ?? access.token;
    try {
      token ||= (await access.getToken?.()) ?? undefined;
    } catch {
      return this.#openLater(turn);
    }
    if (turn !== this.#turn) return;
    this.#failures = 0;
    if (token) this.#take(access, token);
    else this.#become("signed-out", access.getToken !== undefined);
  }

  /** `getToken` rejected; it is called again, with growing delays. */
  #openLater(turn: number): void {
    if (turn !== this.#turn) return;
    this.#become("offline");
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#open(), backoff(this.#failures, FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS));
  }

  #take({ src, streamUrl, getToken }: Access, token: string): void {
    this.#name = nameOf(src, token);
    let shared = stores.get(this.#name);
    if (shared) {
      shared.store.setCredentials(token, getToken);
    } else {
      const credentials = new Credentials(token, getToken, (fresh) => {
        const name = sharedName(src, token);
        return name === undefined || sharedName(src, fresh) === name;
      });
      shared = {
        store: new Store(new Inbox(src, credentials, streamUrl), credentials, sharedName(src, token)),
        users: 0,
      };
      stores.set(this.#name, shared);
      shared.store.start();
    }
    shared.users += 1;
    const store = shared.store;
    this.store = store;
    this.#unsubscribe = store.subscribe((event) => {
      if (store.foreignToken) void this.#open(store.foreignToken);
      else {
        this.#onEvent(event);
        this.#host.requestUpdate();
      }
    });
    this.#onEvent(undefined);
    this.#host.requestUpdate();
  }

  #close(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#unsubscribe?.();
    this.#connection = "starting";
    const shared = this.store && stores.get(this.#name);
    if (this.store) this.store.watch(this.#host, undefined);
    this.store = undefined;
    if (!shared) return;
    shared.users -= 1;
    if (shared.users > 0) return;
    stores.delete(this.#name);
    shared.store.stop();
  }

  /** A page without token and `getToken` may be about to give one: it gets no event. */
  #become(connection: states.Connection, isEvent = true): void {
    this.#connection = connection;
    if (isEvent) this.#onEvent({ kind: "connection", connection });
    this.#host.requestUpdate();
  }
}

/** The key of a store in this page; a token without a readable user has a store of its own. */
function nameOf(src: string, token: string): string {
  return sharedName(src, token) ?? `${src} ${token}`;
}
