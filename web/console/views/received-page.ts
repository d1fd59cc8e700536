/** `<hub-received-page>`: what this person received, as the bell has it, on a page of its own. Opening a message marks it as read. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Notification } from "../../api";
import type { Hub } from "../hub";
import { Pages } from "../logic/pages";
import { sentence } from "../logic/problems";
import { number } from "../logic/wording";
import { controls } from "../styles/controls";
import { feedStyles } from "../styles/feed";
import { icon } from "./icons";
import { linked } from "./linked";
import { NearEnd } from "./near-end";
import { Poller } from "./poller";
import { arrivals, empty, failed, loading, more, stateStyles } from "./states";
import "./time";

const REFRESH_MS = 30_000;

export class ReceivedPage extends LitElement {
  static override styles = [controls, stateStyles, feedStyles];
  static override properties = {
    hub: { attribute: false },
    _unread: { state: true },
    _opened: { state: true },
    _error: { state: true },
    _gone: { state: true },
    _said: { state: true },
  };

  declare hub: Hub;
  declare _unread: number;
  /** The one whose text is shown. */
  declare _opened: string | null;
  declare _error: string | null;
  /** Why the message that was open is not shown any more. */
  declare _gone: string;
  /** The last thing worth saying aloud. */
  declare _said: string;
  #pages: Pages<Notification> | null = null;
  readonly #poller = new Poller(this, () => this.#refresh());

  constructor() {
    super();
    this._unread = 0;
    this._opened = null;
    this._error = null;
    this._gone = "";
    this._said = "";
    new NearEnd(this, () => void this.#pages?.more());
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("hub")) return;
    this.#pages?.close();
    const { hub } = this;
    this.#pages = new Pages<Notification>(
      async (after, signal) => {
        const page = await hub.getFeed(after, signal);
        this._unread = page.unread_count;
        const newest = after === null ? page.data[0] : undefined;
        // Seen is a courtesy: whether it is noted decides nothing here.
        if (newest && page.unseen_count > 0)
          void hub.markSeen(newest.id).then(
            () => this.#tellBell(),
            () => undefined,
          );
        return page;
      },
      () => this.#onChange(),
      () => this._opened !== null,
    );
    void this.#pages.start();
    this.#poller.start(REFRESH_MS);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // Moved to another place of the page: what was asked for was dropped on the way.
    if (this.hasUpdated) this.requestUpdate("hub");
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#pages?.close();
  }

  /** Looks for new ones now: the bell has heard of some. */
  refresh(): void {
    this.#poller.start();
  }

  /** The bell knows of a recall at once. */
  showRecall(id: string): void {
    if (this._opened === id) this.#closeGone("The message you were reading was recalled.");
    this.#pages?.remove(id);
  }

  #onChange(): void {
    const isShown = this.#pages?.items.some(({ id }) => id === this._opened);
    if (this._opened !== null && !isShown)
      this.#closeGone("The message you were reading is no longer here: it was recalled, or archived elsewhere.");
    this.requestUpdate();
  }

  #closeGone(why: string): void {
    const hadFocus = this.shadowRoot?.activeElement?.closest(".item") !== null;
    this._opened = null;
    this._gone = why;
    this._said = why;
    if (hadFocus) void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(".note")?.focus());
  }

  async #refresh(): Promise<number> {
    await this.#pages?.refresh();
    return REFRESH_MS;
  }

  override render() {
    return html`${
      this._error
        ? html`<div class="note bad" role="alert">
          ${icon("alert")}
          <div>${this._error}</div>
        </div>`
        : nothing
    }
      ${this._gone ? html`<div class="note" tabindex="-1">${icon("info")}<div>${this._gone}</div></div>` : nothing}
      <p class="unseen-text" role="status">${this._said}</p>
      <div class="tools">
        <div>${this.#summary()}</div>
        ${
          this._unread > 0
            ? html`<button class="button quiet" type="button" @click=${this.#readAll}>
              ${icon("check")}Mark all as read
            </button>`
            : nothing
        }
      </div>
      <section class="card" aria-label="Received messages">${this.#list()}</section>
      ${arrivals(this.#pages, this.#showArrivals)}`;
  }

  #summary() {
    const pages = this.#pages;
    if (!pages || (pages.items.length === 0 && pages.status !== "complete")) return nothing;
    return html`<p class="muted" translate="no">${this._unread > 0 ? `${number(this._unread)} unread` : "All read"}</p>`;
  }

  readonly #showArrivals = () => {
    this._opened = null;
    this.#pages?.showArrivals();
    this.renderRoot.querySelector(".tools")?.scrollIntoView();
  };

  #list() {
    const pages = this.#pages;
    if (!pages || (pages.items.length === 0 && pages.status === "loading")) return loading("Loading messages…");
    if (pages.items.length === 0) {
      if (pages.status === "failed")
        return failed("Your messages could not be loaded", pages.error, () => void pages.retry());
      return empty("inbox", "Nothing here yet", "Messages to you and your clinic appear here and under the bell.");
    }
    return html`<ul>
        ${repeat(
          pages.items,
          ({ id }) => id,
          (item) => this.#item(item),
        )}
      </ul>
      ${more(pages)}`;
  }

  #item(item: Notification) {
    const isOpen = this._opened === item.id;
    const isRead = item.read_at !== null;
    return html`<li class="item ${isRead ? "" : "unread"}">
      <button class="head" type="button" aria-expanded=${isOpen ? "true" : "false"} @click=${() => void this.#toggle(item)}>
        ${icon(isRead ? "mailOpen" : "mail")}
        <span class="words">
          <span class="title">${isRead ? "" : html`<span class="unseen-text">Unread: </span>`}<bdi>${item.title}</bdi></span>
          <span class="muted small"><bdi>${item.sender.name}</bdi></span>
          ${isOpen ? nothing : html`<span class="muted small excerpt" dir="auto">${item.body}</span>`}
        </span>
        <span class="muted small"><hub-time .at=${item.sent_at}></hub-time></span>
      </button>
      ${
        isOpen
          ? html`<div class="open">
            <p class="body" dir="auto">${linked(item.body)}</p>
            <button class="button" type="button" aria-label="Archive: ${item.title}" @click=${() => void this.#archive(item)}>
              ${icon("archive")}Archive
            </button>
          </div>`
          : nothing
      }
    </li>`;
  }

  async #toggle(item: Notification): Promise<void> {
    this._opened = this._opened === item.id ? null : item.id;
    this._gone = "";
    if (this._opened === null) this.#pages?.showArrivals();
    if (this._opened === null || item.read_at !== null) return;
    await this.#try(async () => {
      this.#pages?.replace(await this.hub.markRead(item.id));
      this._unread = Math.max(0, this._unread - 1);
    });
  }

  async #archive(item: Notification): Promise<void> {
    await this.#try(async () => {
      await this.hub.archive(item.id);
      const heads = [...this.renderRoot.querySelectorAll<HTMLElement>(".head")];
      const position = this.#pages?.items.findIndex(({ id }) => id === item.id) ?? -1;
      this._opened = null;
      this._said = "Archived.";
      // The focus goes to what takes its place, before its own place is gone.
      (heads[position + 1] ?? heads[position - 1])?.focus();
      this.#pages?.remove(item.id);
    });
  }

  readonly #readAll = async () => {
    const newest = this.#pages?.items[0];
    if (!newest) return;
    await this.#try(async () => {
      await this.hub.markAllRead(newest.id);
      this._said = "All messages are marked as read.";
      await this.#pages?.refresh();
      const now = new Date().toISOString();
      for (const item of this.#pages?.items ?? []) {
        if (item.read_at === null && item.sent_at <= newest.sent_at) this.#pages?.replace({ ...item, read_at: now });
      }
    });
  };

  async #try(work: () => Promise<void>): Promise<void> {
    this._error = null;
    try {
      await work();
    } catch (error) {
      this._error = sentence(error);
    }
    this.#tellBell();
  }

  #tellBell(): void {
    this.dispatchEvent(new CustomEvent("feed-change", { bubbles: true, composed: true }));
  }
}

customElements.define("hub-received-page", ReceivedPage);
