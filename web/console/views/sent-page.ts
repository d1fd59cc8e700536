/** `<hub-sent-page>`: what administrators sent, newest first; more of it is loaded as the user scrolls. With a search and a filter. */
import { html, LitElement, nothing } from "lit";
import { type ListedMessage, type Message, Problem } from "../../api";
import type { Hub } from "../hub";
import type { Directory } from "../logic/directory";
import { Pages } from "../logic/pages";
import { ALL_MESSAGES, type Listing, messagesPath } from "../logic/routes";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { rowStyles } from "../styles/rows";
import { avatarStyles } from "./avatar";
import { NearEnd } from "./near-end";
import { Poller } from "./poller";
import { sentFilters } from "./sent-filters";
import { sentRows } from "./sent-rows";
import { arrivals, empty, failed, loading, more, stateStyles } from "./states";
import { statusStyles } from "./status";

const REFRESH_MS = 15_000;
/** While something shown is still being delivered. */
const REFRESH_SOON_MS = 3_000;

export class SentPage extends LitElement {
  static override styles = [controls, avatarStyles, rowStyles, stateStyles, statusStyles];
  static override properties = {
    hub: { attribute: false },
    directory: { attribute: false },
    categories: { attribute: false },
    listing: { attribute: false },
    active: { attribute: false },
  };

  declare hub: Hub;
  declare directory: Directory;
  /** What messages of the platform can be about. */
  declare categories: readonly string[];
  declare listing: Listing;
  /** Whether it is what is shown; while it is not, it keeps its place in the list, and does not refresh or grow. */
  declare active: boolean;
  #pages: Pages<ListedMessage> | null = null;
  /** What was shown before: it stays until the first page of another search or filter has come. */
  #before: readonly ListedMessage[] = [];
  readonly #poller = new Poller(this, () => this.#refresh());

  constructor() {
    super();
    this.categories = [];
    this.listing = ALL_MESSAGES;
    this.active = true;
    new NearEnd(this, () => this.active && void this.#pages?.more());
  }

  override willUpdate(changed: Map<string, unknown>): void {
    const isOther =
      changed.has("hub") || (changed.has("listing") && !isSame(this.listing, changed.get("listing") as Listing));
    if (isOther) {
      this.#pages?.close();
      const { hub, listing } = this;
      this.#before = changed.has("hub") ? [] : this.#shown;
      this.#pages = new Pages<ListedMessage>(
        (after, signal) => hub.getHistory(listing, after, signal),
        () => this.requestUpdate(),
      );
      void this.#pages.start();
    }
    if (!isOther && !changed.has("active")) return;
    if (this.active) this.#poller.start(isOther ? REFRESH_MS : 0);
    else this.#poller.stop();
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

  /** Nothing while the first page is on its way, unless another list was shown before. */
  get #shown(): readonly ListedMessage[] {
    const { items = [], status = "loading" } = this.#pages ?? {};
    return items.length === 0 && status === "loading" ? this.#before : items;
  }

  /** Whether what is shown is not what is asked for. */
  get #isOld(): boolean {
    return this.#shown !== this.#pages?.items;
  }

  override render() {
    const { listing, directory, categories } = this;
    return html`${sentFilters({ listing, directory, categories, change: this.#change })}
      <p class="unseen-text" role="status">${this.#found()}</p>
      <section
        class=${this.#isOld ? "card old" : "card"}
        aria-label=${translate("sent_list")}
        aria-busy=${this.#pages?.status === "loading" ? "true" : "false"}
      >
        ${this.#list()}
      </section>
      ${arrivals(this.#pages, this.#showArrivals)}`;
  }

  /** A search takes the place of the one before in the browser's history. */
  readonly #change = (change: Partial<Listing>) => {
    const address = messagesPath({ ...this.listing, ...change });
    if (change.q === undefined) location.hash = address;
    else location.replace(new URL(address, location.href));
  };

  /** How many there are, said aloud: who searches does not see the list change. */
  #found(): string {
    const { items = [], status } = this.#pages ?? {};
    if (!this.listing.q || (status !== "idle" && status !== "complete")) return "";
    return translate(status === "idle" ? "sent_found_more" : "sent_found", { count: items.length });
  }

  #list() {
    const pages = this.#pages;
    const shown = this.#shown;
    if (shown.length > 0)
      return html`${sentRows(shown, this.directory, this.hub)} ${pages && !this.#isOld ? more(pages) : nothing}`;
    if (!pages || pages.status === "loading") return loading(translate("sent_loading"));
    if (pages.status !== "failed") return this.#empty();
    if (isInvalid(pages.error, "q"))
      return empty("search", translate("sent_bad_search"), translate("sent_bad_search_text"));
    if (this.listing.filter && isInvalid(pages.error, this.listing.filter.level)) return this.#unknownFilter();
    return failed(translate("sent_failed"), pages.error, () => void pages.retry());
  }

  /** A link to an organisation or clinic that is not in the directory, or not for this viewer to see. */
  #unknownFilter() {
    return empty("search", translate("sent_unknown_filter"), translate("sent_unknown_filter_text"), showAll());
  }

  #empty() {
    const { filter, category, q } = this.listing;
    if (q) {
      const advice = translate(filter || category ? "sent_no_match_filter" : "sent_no_match_text");
      return empty("search", translate("no_matches", { query: q }), advice);
    }
    if (category) {
      return empty("mail", translate("sent_category_empty"), translate("sent_category_empty_text"), showAll());
    }
    if (filter) {
      const name = this.directory.scopeName(filter);
      const text = translate("sent_nothing_reached_text", { name });
      return empty("mail", translate("sent_nothing_reached", { name }), text);
    }
    return empty("mail", translate("sent_empty"), translate("sent_empty_text"));
  }
}

function showAll() {
  return html`<a class="button" href=${messagesPath()}>${translate("sent_show_all")}</a>`;
}

function isInvalid(error: unknown, parameter: string): boolean {
  return error instanceof Problem && error.code === "validation-failed" && parameter in error.errors;
}

function isSame(one: Listing, other: Listing): boolean {
  return messagesPath(one) === messagesPath(other);
}

customElements.define("hub-sent-page", SentPage);
