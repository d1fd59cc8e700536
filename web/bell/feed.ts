/**
 * One user's messages, as the panel under the bell and the console's page show them: which list, which messages are open, what has
 * just been done. What tabs share is in the store; what surrounds the list is in the element that has this controller.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { html, type TemplateResult } from "lit/html.js";
import type { Notification } from "../api";
import { readLocale } from "../common/translate";
import type { BellEvent } from "./events";
import { Focus } from "./focus";
import { renderItems } from "./list";
import * as mutations from "./mutations";
import { type Actions, type PanelParts, renderPanel, type Shown } from "./panel";
import { type Access, Session } from "./session";
import type { ListKey, State, View } from "./state";
import * as states from "./state";
import { isGone, type Store } from "./store";
import { type GivenStrings, type Strings, type Translate, translator } from "./strings";

const MINUTE_MS = 60_000;
/** A live region that is emptied and filled in one moment has not changed for screen readers. */
const SPEECH_PAUSE_MS = 50;

interface Host extends HTMLElement, ReactiveControllerHost {
  readonly renderRoot: HTMLElement | DocumentFragment;
}

export class Feed implements ReactiveController {
  translate: Translate = translator({}, undefined);
  /** Whether folded messages name their category too. */
  namesCategories = false;

  readonly #host: Host;
  readonly #onEvent: (event: BellEvent | undefined) => void;
  readonly #session: Session;
  readonly #focus: Focus;
  #locale: string | undefined;
  #isActive = false;
  #view: View = "all";
  #category: string | null = null;
  /** The message that a link leads to; shown on top where it is in no list. */
  #linked: string | undefined;
  #opened: ReadonlySet<string> = new Set();
  #notice: Shown["notice"];
  #spoken = "";
  /** The newest message that was shown when one was opened; later arrivals wait until none is open. */
  #top: Notification | undefined;
  #seen: string | undefined;
  #watched: Store | undefined;
  #clock: ReturnType<typeof setInterval> | undefined;

  constructor(host: Host, onEvent: (event: BellEvent | undefined) => void = () => undefined) {
    this.#host = host;
    this.#onEvent = onEvent;
    this.#focus = new Focus(host);
    this.#session = new Session(host, (event) => {
      this.#onEvent(event);
      this.#checkOpened(event);
    });
    host.addController(this);
  }

  get state(): State {
    return this.#session.state;
  }

  /** Whose messages, and from where. Relative addresses are the page's. */
  use({ src, streamUrl, token, getToken }: Access): void {
    this.#opened = new Set();
    this.#session.use({ src: absolute(src), streamUrl: absolute(streamUrl || src), token, getToken });
  }

  speak(locale: string | null | undefined, strings: GivenStrings): void {
    this.#locale = readLocale(locale);
    this.translate = translator(strings, this.#locale);
  }

  /** Only an active feed loads messages and marks them as seen. It starts with all messages, none of them open. */
  setActive(isActive: boolean): void {
    clearInterval(this.#clock);
    this.#isActive = isActive;
    this.#session.store?.watch(this.#host, undefined);
    if (!isActive) return;
    this.#show("all");
    this.#opened = new Set();
    this.#seen = undefined;
    this.#clock = setInterval(() => this.#host.requestUpdate(), MINUTE_MS);
  }

  /** Shows only what is of this category. */
  setCategory(category: string | null): void {
    this.#category = category;
    this.#opened = new Set();
    this.#show(this.#view);
  }

  /** Opens a message that may be old, archived or expired. */
  link(id: string): void {
    this.#linked = id;
    this.#watched = undefined;
    this.#host.requestUpdate();
  }

  refresh(): void {
    this.#session.refresh();
  }

  /** Says a text aloud, also one that was said before. */
  announce(text: string): void {
    this.#say("");
    setTimeout(() => this.#say(text), SPEECH_PAUSE_MS);
  }

  /** The live region, which has to be in the page before anything is said. */
  renderSpoken(): TemplateResult {
    return html`<div class="hidden" role="status" translate="no">${this.#spoken}</div>`;
  }

  render(parts?: PanelParts): TemplateResult {
    return renderPanel(this.#shown(), this.#actions, parts);
  }

  readonly onKeyDown = (event: KeyboardEvent): void => this.#focus.onKeyDown(event);

  hostUpdate(): void {
    this.#top = this.#opened.size > 0 ? (this.#top ?? this.#items[0]) : undefined;
  }

  hostUpdated(): void {
    if (!this.#isActive) return;
    const shown = this.#shown();
    renderItems(this.#host.renderRoot, shown, this.#opened, shown, this.#actions);
    const { store } = this.#session;
    if (store && store !== this.#watched) {
      store.watch(this.#host, this.#key);
      if (this.#linked) void this.#follow(store, this.#linked);
    }
    this.#watched = store;
    this.#focus.keep();
    this.#markSeen();
  }

  get #items(): Notification[] {
    return states.shown(this.state, this.#key, this.#top);
  }

  get #pinned(): Notification[] {
    const isListed = this.#key === "all";
    return isListed ? states.pinned(this.state, Date.now()).filter((item) => !states.isNewer(item, this.#top)) : [];
  }

  get #key(): ListKey {
    return this.#category ? `${this.#view}:${this.#category}` : this.#view;
  }

  #shown(): Shown {
    const pinned = this.#pinned;
    const items = this.#items.filter((item) => !pinned.includes(item));
    const linked = this.state.items.get(this.#linked ?? "");
    const isElsewhere = !linked || [...pinned, ...items].includes(linked);
    return {
      state: this.state,
      linked: isElsewhere ? [] : [linked],
      pinned,
      items,
      view: this.#view,
      key: this.#key,
      arrived: states.listed(this.state, this.#key).length - this.#items.length,
      notice: this.#notice,
      translate: this.translate,
      locale: this.#locale,
      namesCategories: this.namesCategories,
      now: new Date(),
    };
  }

  readonly #actions: Actions = {
    toggle: (item) => {
      if (!this.#fold(item.id)) {
        this.#opened = new Set([...this.#opened, item.id]);
        if (item.read_at === null) this.#mutate(mutations.markRead(item, true));
      }
      this.#host.requestUpdate();
    },
    markUnread: (item) => {
      this.#fold(item.id);
      this.#focus.item(item.id);
      this.#mutate(mutations.markRead(item, false));
    },
    archive: (item, isArchived) => {
      this.#focus.neighbour(item.id);
      this.#fold(item.id);
      const undo = () => {
        this.#notice = undefined;
        this.#mutate(mutations.archive({ ...item, archived_at: isArchived ? item.archived_at : null }, !isArchived));
        void this.#host.updateComplete.then(() => this.#focus.item(item.id));
      };
      this.#notify(isArchived ? "was_archived" : "was_unarchived", undo);
      this.#mutate(mutations.archive(item, isArchived));
    },
    show: (view) => this.#show(view),
    showArrived: () => {
      this.#opened = new Set();
      this.#host.requestUpdate();
      void this.#host.updateComplete.then(() => this.#focus.first());
    },
    markAllRead: () => {
      const [through] = this.#items;
      if (through) this.#mutate(mutations.markThrough(through, "read_at"));
      this.#focus.panel();
    },
    loadOlder: () => void this.#session.store?.load(this.#key, true),
    refresh: () => this.refresh(),
  };

  #show(view: View): void {
    this.#view = view;
    this.#fold(this.#linked ?? "");
    this.#linked = undefined;
    this.#notice = undefined;
    this.#top = undefined;
    this.#watched = undefined;
    this.#host.requestUpdate();
  }

  #mutate(mutation: mutations.Mutation): void {
    this.#session.store?.mutate(mutation).catch((error: unknown) => {
      this.#notify(isGone(error) ? "recalled" : "not_saved");
    });
  }

  /** Whether it was open. */
  #fold(id: string): boolean {
    const opened = new Set(this.#opened);
    const wasOpen = opened.delete(id);
    this.#opened = opened;
    return wasOpen;
  }

  /** What is shown has been seen, up to the newest. */
  #markSeen(): void {
    const { state } = this;
    const { store } = this.#session;
    const [through] = this.#items;
    const isReady = states.listOf(state, this.#key).phase === "ready" && this.#view !== "archived" && !this.#category;
    if (!store || !through || !isReady || document.hidden || !state.counts?.unseen_count) return;
    if (this.#seen === through.id) return;
    this.#seen = through.id;
    store.mutate(mutations.markThrough(through, "seen_at")).catch(() => undefined);
  }

  /** An open message does not vanish without a word. */
  #checkOpened(event: BellEvent | undefined): void {
    const { state } = this;
    for (const id of this.#isActive && this.#session.store ? this.#opened : []) {
      const item = state.items.get(id);
      const isListed = this.#view !== "all" || id === this.#linked || states.listOf(state, this.#key).ids.includes(id);
      if (item && (item.archived_at || isListed || this.#pinned.includes(item))) continue;
      this.#fold(id);
      this.#notify(item ? "gone" : event?.kind === "expired" ? "expired" : "recalled");
    }
  }

  async #follow(store: Store, id: string): Promise<void> {
    try {
      await store.find(id);
    } catch (error) {
      return this.#notify(isGone(error) ? "gone" : "failed");
    }
    const item = this.state.items.get(id);
    if (item && id === this.#linked && !this.#opened.has(id)) this.#actions.toggle(item);
    await this.#host.updateComplete;
    this.#focus.item(id);
  }

  #notify(text: keyof Strings, undo?: () => void): void {
    this.#notice = { text, undo };
    this.announce(this.translate(text));
  }

  #say(text: string): void {
    this.#spoken = text;
    this.#host.requestUpdate();
  }
}

/** Without a slash at its end. */
function absolute(address: string): string {
  return new URL(address, document.baseURI).href.replace(/\/+$/, "");
}
