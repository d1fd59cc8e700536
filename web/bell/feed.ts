/**
 * One user's messages, as the panel under the bell and the console's page show them: which list, which messages are open, what has
 * just been done. What tabs share is in the store; what surrounds the list is in the element that has this controller.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { html, type TemplateResult } from "lit/html.js";
import type { Notification } from "../api";
import { readLocale } from "../common/translate";
import type { Step } from "./acknowledgement";
import { keyOf, listsOf, START } from "./choice";
import type { BellEvent } from "./events";
import { Focus } from "./focus";
import type { FollowUp } from "./item";
import { type Lists, renderItems } from "./list";
import * as mutations from "./mutations";
import { type Actions, type PanelParts, renderPanel, type Shown } from "./panel";
import { type Access, Session } from "./session";
import type { State, View } from "./state";
import * as states from "./state";
import { isGone, type Store } from "./store";
import { type GivenStrings, reasonOf, type Strings, type Translate, translator } from "./strings";

const MINUTE_MS = 60_000;
/** A live region that is emptied and filled in one moment has not changed for screen readers. */
const SPEECH_PAUSE_MS = 50;
/** What takes the focus in the part of a message that is about its acknowledgement. */
const ASK = ".ask";

interface Host extends HTMLElement, ReactiveControllerHost {
  readonly renderRoot: HTMLElement | DocumentFragment;
}

export class Feed implements ReactiveController {
  translate: Translate = translator({}, undefined);
  /** Whether folded messages name their category too. */
  namesCategories = false;
  /** What a message that asks for an acknowledgement leads on to, if anything. */
  followUp: FollowUp | undefined;

  readonly #host: Host;
  readonly #onEvent: (event: BellEvent | undefined) => void;
  readonly #session: Session;
  readonly #focus: Focus;
  #locale: string | undefined;
  #isActive = false;
  #choice = START;
  #opened: ReadonlySet<string> = new Set();
  #step: Step | undefined;
  #notice: Shown["notice"];
  #spoken = "";
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
    this.#opened = new Set();
    this.#show(this.#choice.view, category);
  }

  /** Opens a message that may be old, archived or expired. */
  link(id: string): void {
    this.#choice = { ...this.#choice, linked: id };
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
    const top = this.#opened.size > 0 ? (this.#choice.top ?? this.#items[0]) : undefined;
    this.#choice = { ...this.#choice, top };
    this.#choice = { ...this.#choice, asked: this.#lists.asked.map((item) => item.id) };
  }

  hostUpdated(): void {
    if (!this.#isActive) return;
    const shown = this.#shown();
    renderItems(this.#host.renderRoot, shown, this.#opened, shown, this.#actions);
    const { store } = this.#session;
    if (store && store !== this.#watched) {
      store.watch(this.#host, keyOf(this.#choice));
      if (this.#choice.linked) void this.#follow(store, this.#choice.linked);
    }
    this.#watched = store;
    this.#focus.keep();
    this.#markSeen();
  }

  /** Those of the list, also where they are shown on top. */
  get #items(): Notification[] {
    return states.shown(this.state, keyOf(this.#choice), this.#choice.top);
  }

  get #lists(): Lists {
    return listsOf(this.state, this.#choice, Date.now());
  }

  #shown(): Shown {
    const key = keyOf(this.#choice);
    return {
      ...this.#lists,
      state: this.state,
      view: this.#choice.view,
      key,
      arrived: states.listed(this.state, key).length - this.#items.length,
      step: this.#step,
      notice: this.#notice,
      translate: this.translate,
      locale: this.#locale,
      namesCategories: this.namesCategories,
      followUp: this.followUp,
      now: new Date(),
    };
  }

  readonly #actions: Actions = {
    toggle: (item) => {
      if (!this.#fold(item.id)) {
        this.#opened = new Set([...this.#opened, item.id]);
        if (item.read_at === null) void this.#mutate(mutations.markRead(item, true));
      }
      this.#host.requestUpdate();
    },
    markUnread: (item) => {
      this.#fold(item.id);
      this.#focus.item(item.id);
      void this.#mutate(mutations.markRead(item, false));
    },
    archive: (item, isArchived) => {
      this.#focus.neighbour(item.id);
      this.#fold(item.id);
      const undo = () => {
        this.#notice = undefined;
        void this.#mutate(
          mutations.archive({ ...item, archived_at: isArchived ? item.archived_at : null }, !isArchived),
        );
        void this.#host.updateComplete.then(() => this.#focus.item(item.id));
      };
      this.#notify(isArchived ? "was_archived" : "was_unarchived", undo);
      void this.#mutate(mutations.archive(item, isArchived));
    },
    confirm: (item, isStep) => {
      this.#step = isStep ? { item, isSaving: false } : undefined;
      this.#host.requestUpdate();
      void this.#host.updateComplete.then(() => this.#focus.item(item.id, ASK));
    },
    acknowledge: (item) => void this.#acknowledge(item),
    show: (view) => this.#show(view),
    showArrived: () => {
      this.#opened = new Set();
      this.#host.requestUpdate();
      void this.#host.updateComplete.then(() => this.#focus.first());
    },
    markAllRead: () => {
      const [through] = this.#items;
      if (through) void this.#mutate(mutations.markThrough(through, "read_at"));
      this.#focus.panel();
    },
    loadOlder: () => void this.#session.store?.load(keyOf(this.#choice), true),
    refresh: () => this.refresh(),
  };

  #show(view: View, category = this.#choice.category): void {
    this.#fold(this.#choice.linked ?? "");
    this.#choice = { ...START, view, category };
    this.#step = undefined;
    this.#notice = undefined;
    this.#watched = undefined;
    this.#host.requestUpdate();
  }

  async #mutate(mutation: mutations.Mutation): Promise<void> {
    await this.#session.store
      ?.mutate(mutation)
      .catch((error: unknown) => this.#notify(isGone(error) ? "recalled" : reasonOf(error)));
  }

  async #acknowledge(item: Notification): Promise<void> {
    if (this.#step?.isSaving) return;
    const step = { item, isSaving: true };
    this.#step = step;
    this.#notice = undefined;
    this.#host.requestUpdate();
    await this.#mutate(mutations.acknowledge(item));
    if (this.#step === step) this.#step = { item, isSaving: false };
    this.#host.requestUpdate();
    await this.#host.updateComplete;
    if (this.#focus.isFree) this.#focus.item(item.id, ASK);
  }

  /** Whether it was open. */
  #fold(id: string): boolean {
    const opened = new Set(this.#opened);
    if (this.#step?.item.id === id) this.#step = undefined;
    const wasOpen = opened.delete(id);
    this.#opened = opened;
    return wasOpen;
  }

  /** What is shown has been seen, up to the newest. */
  #markSeen(): void {
    const { state } = this;
    const { store } = this.#session;
    const [through] = this.#items;
    const { view, category } = this.#choice;
    const isReady = !category && view !== "archived" && states.listOf(state, view).phase === "ready";
    if (!store || !through || !isReady || document.hidden || !state.counts?.unseen_count) return;
    if (this.#seen === through.id) return;
    this.#seen = through.id;
    store.mutate(mutations.markThrough(through, "seen_at")).catch(() => undefined);
  }

  /** An open message does not vanish without a word. */
  #checkOpened(event: BellEvent | undefined): void {
    const { state } = this;
    const { view, linked } = this.#choice;
    const { asked, pinned } = this.#lists;
    const listed = [...states.listed(state, keyOf(this.#choice)), ...asked, ...pinned];
    for (const id of this.#isActive && this.#session.store ? this.#opened : []) {
      const item = state.items.get(id);
      if (item && (item.archived_at || view !== "all" || id === linked || listed.includes(item))) continue;
      this.#fold(id);
      this.#notify(item ? "gone" : event?.kind === "expired" ? "message_expired" : "recalled");
    }
  }

  async #follow(store: Store, id: string): Promise<void> {
    try {
      await store.find(id);
    } catch (error) {
      return this.#notify(isGone(error) ? "gone" : "failed");
    }
    const item = this.state.items.get(id);
    if (item && id === this.#choice.linked && !this.#opened.has(id)) this.#actions.toggle(item);
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
