/**
 * `<message-bell>`: the bell with its badge, and the panel that it opens. Holds what belongs to this one element (open or not, which
 * view, which notifications are unfolded); everything that is shared with other tabs is in the store. docs/embedding.md describes
 * it to those who put it into their pages.
 */
import { html, LitElement, nothing, type PropertyValues } from "lit";
import type { Notification } from "../api";
import { theme } from "../common/theme";
import { readLocale } from "../common/translate";
import { Announcer } from "./announcer";
import type { AskForToken } from "./credentials";
import type { BellEvent } from "./events";
import * as icons from "./icons";
import { renderItems } from "./list";
import * as mutations from "./mutations";
import { type Actions, renderPanel, type Shown } from "./panel";
import type { Placement } from "./place";
import { Popup } from "./popup";
import { Session } from "./session";
import { shown, type View } from "./state";
import { isGone, type Store } from "./store";
import { type GivenStrings, type Strings, type Translate, translator } from "./strings";
import { styles } from "./styles";

const MOST_SHOWN = 99;
const MINUTE_MS = 60_000;

export class MessageBell extends LitElement {
  static override styles = [theme, styles];
  static override properties = {
    src: {},
    streamUrl: { attribute: "stream-url" },
    token: {},
    getToken: { attribute: false },
    locale: {},
    strings: { attribute: false },
    placement: {},
    theme: {},
    open: { type: Boolean, reflect: true },
    _view: { state: true },
    _opened: { state: true },
    _notice: { state: true },
    _spoken: { state: true },
  };

  /** The address of inbox_api. */
  declare src: string;
  /** The address of the live stream; by default that of inbox_api. */
  declare streamUrl: string | null | undefined;
  declare token: string | null | undefined;
  declare getToken: AskForToken | undefined;
  declare locale: string | null | undefined;
  declare strings: GivenStrings | undefined;
  declare placement: Placement | null | undefined;
  declare theme: "light" | "dark" | null | undefined;
  /** Whether the panel is open; setting it opens and closes. */
  declare open: boolean;
  declare _view: View;
  declare _opened: ReadonlySet<string>;
  declare _notice: Shown["notice"];
  declare _spoken: string;

  readonly #session = new Session(this, (event) => this.#onEvent(event));
  readonly #announcer = new Announcer((text) => {
    this._spoken = text;
  });
  readonly #popup = new Popup(this, (isOpen) => {
    this.open = isOpen;
  });
  #translate: Translate = translator({}, undefined);
  #locale: string | undefined;
  #counts = "";
  #seen: string | undefined;
  /** The newest that was shown when a notification was opened; what arrives later waits until none is open. */
  #top: Notification | undefined;
  #watched: Store | undefined;
  #clock: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.src = homeOf(import.meta.url);
    this.open = false;
    this._view = "all";
    this._opened = new Set();
    this._spoken = "";
  }

  /** Asks the hub now, for instance after the page has signed its user in again. */
  refresh(): void {
    this.#session.refresh();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.open = false;
    clearInterval(this.#clock);
    this.#announcer.stop();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("locale") || changed.has("strings") || !this.hasUpdated) {
      this.#locale = readLocale(this.locale || languageOf(this));
      this.#translate = translator(this.strings ?? {}, this.#locale);
    }
    if (changed.has("src") || changed.has("streamUrl") || changed.has("token") || changed.has("getToken")) {
      this._opened = new Set();
      const src = absolute(this.src || homeOf(import.meta.url));
      const streamUrl = this.streamUrl ? absolute(this.streamUrl) : src;
      this.#session.use({ src, streamUrl, token: this.token || undefined, getToken: this.getToken });
    }
    if (changed.has("open") && this.open) {
      this._view = "all";
      this._opened = new Set();
      this._notice = undefined;
      this.#seen = undefined;
    }
    if (changed.has("_view") || this._opened.size === 0) this.#top = undefined;
    if (this._opened.size > 0) this.#top ??= this.#items[0];
  }

  protected override updated(changed: PropertyValues<this> & Map<string, unknown>): void {
    if (changed.has("open") && (this.open || changed.get("open"))) this.#openOrClose();
    if (this.open) {
      const list = this.renderRoot.querySelector("ul");
      if (list) renderItems(list, this.#items, this._opened, this.#shown(), this.#actions);
      const { store } = this.#session;
      if (changed.has("open") || changed.has("_view") || store !== this.#watched) store?.watch(this, this._view);
      this.#watched = store;
      this.#popup.keepFocus();
      this.#markSeen();
    }
  }

  protected override render() {
    const unseen = this.#session.state.counts?.unseen_count ?? 0;
    const translate = this.#translate;
    const label =
      unseen > 0 ? `${translate("messages")}, ${translate("new_messages", { count: unseen })}` : translate("messages");
    const badge =
      unseen > MOST_SHOWN ? `${translate("number", { count: MOST_SHOWN })}+` : translate("number", { count: unseen });
    return html`<div class="root" id="root">
      <button
        type="button"
        id="bell"
        class="bell"
        part="button"
        popovertarget="panel"
        aria-haspopup="dialog"
        aria-expanded=${this.open}
        aria-label=${label}
      >
        <slot name="icon">${icons.bell}</slot>
        ${unseen > 0 ? html`<span class="badge" part="badge" translate="no">${badge}</span>` : nothing}
      </button>
      <div class="hidden" role="status" translate="no">${this._spoken}</div>
      <section
        id="panel"
        part="panel"
        popover
        role="dialog"
        aria-labelledby="heading"
        tabindex="-1"
        autofocus
        @beforetoggle=${this.#popup.onBeforeToggle}
        @toggle=${this.#popup.onToggle}
        @focusout=${this.#popup.onFocusOut}
        @keydown=${this.#popup.onKeyDown}
      >
        ${this.open ? renderPanel(this.#shown(), this.#actions) : nothing}
      </section>
    </div>`;
  }

  get #items(): Notification[] {
    return shown(this.#session.state, this._view, this.#top);
  }

  #shown(): Shown {
    return {
      state: this.#session.state,
      items: this.#items,
      view: this._view,
      notice: this._notice,
      translate: this.#translate,
      locale: this.#locale,
      now: new Date(),
    };
  }

  readonly #actions: Actions = {
    toggle: (item) => {
      const opened = new Set(this._opened);
      if (!opened.delete(item.id)) {
        opened.add(item.id);
        if (item.read_at === null) this.#mutate(mutations.markRead(item, true));
      }
      this._opened = opened;
    },
    markUnread: (item) => {
      this.#fold(item.id);
      this.#popup.focusItem(item.id);
      this.#mutate(mutations.markRead(item, false));
    },
    archive: (item, isArchived) => {
      this.#popup.focusNeighbour(item.id);
      this.#fold(item.id);
      const undo = () => {
        this._notice = undefined;
        this.#mutate(mutations.archive({ ...item, archived_at: isArchived ? item.archived_at : null }, !isArchived));
        void this.updateComplete.then(() => this.#popup.focusItem(item.id));
      };
      const text = isArchived ? "was_archived" : "was_unarchived";
      this._notice = { text, undo };
      this.#announcer.announce(this.#translate(text));
      this.#mutate(mutations.archive(item, isArchived));
    },
    show: (view) => {
      this._view = view;
      this._notice = undefined;
    },
    showArrived: () => {
      this._opened = new Set();
      this.#popup.focusHeading();
    },
    markAllRead: () => {
      const [through] = this.#items;
      if (through) this.#mutate(mutations.markThrough(through, "read_at"));
      this.#popup.focusHeading();
    },
    loadOlder: () => void this.#session.store?.load(this._view, true),
    refresh: () => this.refresh(),
    close: () => {
      this.open = false;
    },
  };

  #mutate(mutation: mutations.Mutation): void {
    this.#session.store?.mutate(mutation).catch((error: unknown) => {
      this.#notify(isGone(error) ? "recalled" : "not_saved");
    });
  }

  #fold(id: string): void {
    this._opened = new Set([...this._opened].filter((other) => other !== id));
  }

  #openOrClose(): void {
    clearInterval(this.#clock);
    if (this.open) {
      this.#popup.show(this.placement ?? "bottom-end", this.theme ?? undefined);
      this.#clock = setInterval(() => this.requestUpdate(), MINUTE_MS);
    } else {
      this.#popup.hide();
      this.#session.store?.watch(this, undefined);
    }
    this.#emit(this.open ? "open" : "close", undefined);
  }

  /** What the open panel shows has been seen, up to the newest. */
  #markSeen(): void {
    const { state, store } = this.#session;
    const [through] = this.#items;
    const isReady = state.lists[this._view].phase === "ready" && this._view !== "archived";
    if (!store || !through || !isReady || document.hidden || !state.counts?.unseen_count) return;
    if (this.#seen === through.id) return;
    this.#seen = through.id;
    store.mutate(mutations.markThrough(through, "seen_at")).catch(() => undefined);
  }

  #onEvent(event: BellEvent | undefined): void {
    const { counts, connection } = this.#session.state;
    this.#announcer.onEvent(event, counts?.unseen_count, this.#translate);
    this.#checkOpened();
    if (event?.kind === "recalled") this.#emit("recalled", { id: event.id });
    if (event?.kind === "arrived") this.#emit("notification", event.notification);
    if (event?.kind === "connection") this.#emit("connection", { connection });
    if (counts && this.#counts !== JSON.stringify(counts)) {
      this.#counts = JSON.stringify(counts);
      this.#emit("counts", counts);
    }
  }

  /** One that is being read does not vanish without a word. */
  #checkOpened(): void {
    const { items, lists } = this.#session.state;
    for (const id of this.open && this.#session.store ? this._opened : []) {
      const item = items.get(id);
      if (item && (item.archived_at || this._view !== "all" || lists.all.ids.includes(id))) continue;
      this.#fold(id);
      this.#notify(item ? "gone" : "recalled");
    }
  }

  #notify(text: keyof Strings): void {
    this._notice = { text };
    this.#announcer.announce(this.#translate(text));
  }

  #emit(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(`message-bell-${name}`, { detail, bubbles: true, composed: true }));
  }
}

/** Of the nearest element around it that has one, also outside of the shadow roots it is in. */
function languageOf(element: Element): string | null {
  const found = element.closest("[lang]");
  const host = (element.getRootNode() as ShadowRoot).host;
  return found || !host ? (found?.getAttribute("lang") ?? null) : languageOf(host);
}

/** Where the script came from is where its API is. */
function homeOf(script: string): string {
  return new URL(".", script).href;
}

/** Without a slash at its end. */
function absolute(address: string): string {
  return new URL(address, document.baseURI).href.replace(/\/+$/, "");
}

declare global {
  interface HTMLElementTagNameMap {
    "message-bell": MessageBell;
  }
}
