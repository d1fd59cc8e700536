/** `<hub-sent-page>`: what administrators sent, newest first, growing as one scrolls; with a filter by organisation or clinic. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { type Message, Problem } from "../../api";
import type { Hub } from "../hub";
import { groupByDate } from "../logic/dates";
import type { Directory } from "../logic/directory";
import { Pages } from "../logic/pages";
import { type Filter, messagePath, messagesPath } from "../logic/routes";
import { audienceSummary, reached } from "../logic/wording";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { rowStyles } from "../styles/rows";
import { NearEnd } from "./near-end";
import { Poller } from "./poller";
import "./scope-filter";
import { arrivals, empty, failed, loading, more, stateStyles } from "./states";
import { statusLabel, statusStyles } from "./status";
import "./time";

const REFRESH_MS = 15_000;
/** While something shown is still being delivered. */
const REFRESH_SOON_MS = 3_000;

export class SentPage extends LitElement {
  static override styles = [controls, rowStyles, stateStyles, statusStyles];
  static override properties = {
    hub: { attribute: false },
    directory: { attribute: false },
    filter: { attribute: false },
    active: { attribute: false },
  };

  declare hub: Hub;
  declare directory: Directory;
  declare filter: Filter;
  /** Whether it is what is shown; while it is not, it keeps its place in the list and asks for nothing. */
  declare active: boolean;
  #pages: Pages<Message> | null = null;
  readonly #poller = new Poller(this, () => this.#refresh());

  constructor() {
    super();
    this.filter = null;
    this.active = true;
    new NearEnd(this, () => this.active && void this.#pages?.more());
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("hub") || (changed.has("filter") && !isSame(this.filter, changed.get("filter") as Filter))) {
      this.#pages?.close();
      const { hub, filter } = this;
      this.#pages = new Pages<Message>(
        (after, signal) => hub.getHistory(filter, after, signal),
        () => this.requestUpdate(),
      );
      void this.#pages.start();
      this.#poller.start(REFRESH_MS);
    } else if (changed.has("active")) {
      if (this.active) this.#poller.start();
      else this.#poller.stop();
    }
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

  /** Puts the focus back on the row from which a message was opened. */
  async focusMessage(id: string): Promise<boolean> {
    await this.updateComplete;
    const link = this.renderRoot.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
    link?.focus({ preventScroll: true });
    return link !== null;
  }

  /** What became of a message that is open on its own page. */
  showChange(message: Message): void {
    this.#pages?.replace(message);
  }

  readonly #showArrivals = () => {
    this.#pages?.showArrivals();
    this.scrollIntoView();
  };

  async #refresh(): Promise<number> {
    await this.#pages?.refresh();
    const isMoving = this.#pages?.items.some(({ status }) => status === "queued" || status === "sending");
    return isMoving ? REFRESH_SOON_MS : REFRESH_MS;
  }

  override render() {
    const hasChoice = this.directory.audiences.organisations.some(({ clinics }) => clinics.length > 1);
    return html`${
      hasChoice || this.filter
        ? html`<hub-scope-filter
          class="filter"
          .directory=${this.directory}
          .value=${this.filter}
          @scope-change=${(event: CustomEvent<Filter>) => {
            location.hash = messagesPath(event.detail);
          }}
        ></hub-scope-filter>`
        : nothing
    }
    <section
      class="card"
      aria-label=${translate("sent_list")}
      aria-busy=${this.#pages?.status === "loading" ? "true" : "false"}
    >
      ${this.#list()}
    </section>
    ${arrivals(this.#pages, this.#showArrivals)}`;
  }

  #list() {
    const pages = this.#pages;
    if (!pages || (pages.items.length === 0 && pages.status === "loading")) return loading(translate("sent_loading"));
    if (pages.items.length === 0) {
      if (pages.status === "failed" && this.filter && isProblem(pages.error, "validation-failed"))
        return this.#unknownFilter();
      if (pages.status === "failed") return failed(translate("sent_failed"), pages.error, () => void pages.retry());
      return this.#empty();
    }
    return html`${columnHeadings()}
      ${repeat(
        groupByDate(pages.items, new Date()),
        ({ heading }) => heading,
        ({ heading, items }) => html`<h2 class="date">${heading}</h2>
          <ul class="rows">
            ${repeat(
              items,
              ({ id }) => id,
              (message) => this.#row(message),
            )}
          </ul>`,
      )}
      ${more(pages)}`;
  }

  #row(message: Message) {
    const { id, title, body, sender, sent_at } = message;
    return html`<li class="row">
      <div class="what">
        <h3 dir="auto"><a href=${messagePath(id)} data-id=${id}>${title}</a></h3>
        <p class="muted small excerpt" dir="auto">${body}</p>
        ${statusLabel(message)}
      </div>
      <div class="to">
        <p><span class="unseen-text">${translate("sent_label_recipients")}</span>${audienceSummary(message.audience, this.directory)}</p>
        <p class="muted small">${reached(message)}</p>
      </div>
      <p class="from"><span class="unseen-text">${translate("sent_label_sender")}</span><bdi>${sender.name}</bdi></p>
      <p class="when muted small"><hub-time .at=${sent_at} format="in-group"></hub-time></p>
    </li>`;
  }

  /** A link to an organisation or clinic that is not in the directory, or not for this viewer to see. */
  #unknownFilter() {
    const action = html`<a class="button" href=${messagesPath()}>${translate("sent_show_all")}</a>`;
    return empty("search", translate("sent_unknown_filter"), translate("sent_unknown_filter_text"), action);
  }

  #empty() {
    if (this.filter) {
      const name = this.directory.scopeName(this.filter);
      return empty(
        "mail",
        translate("sent_nothing_reached", { name }),
        translate("sent_nothing_reached_text", { name }),
      );
    }
    return empty("mail", translate("sent_empty"), translate("sent_empty_text"));
  }
}

/** For the eye: each row names its parts for screen readers. */
function columnHeadings() {
  return html`<div class="headings muted small" aria-hidden="true">
    <span class="what">${translate("sent_column_message")}</span>
    <span class="to">${translate("sent_column_recipients")}</span>
    <span class="from">${translate("sent_column_sender")}</span>
  </div>`;
}

function isProblem(error: unknown, code: string): boolean {
  return error instanceof Problem && error.code === code;
}

function isSame(one: Filter, other: Filter | undefined): boolean {
  return one?.level === other?.level && one?.id === other?.id;
}

customElements.define("hub-sent-page", SentPage);
