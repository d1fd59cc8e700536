/** `<hub-acknowledging-people>`: who has acknowledged a message and who has not, as far as the viewer administers them. */
import { html, LitElement } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { AcknowledgementSummary, AcknowledgingPerson, Message } from "../../api";
import type { Hub } from "../hub";
import type { WantedPeople } from "../hub-acknowledgements";
import { date } from "../logic/dates";
import type { Directory } from "../logic/directory";
import { Pages } from "../logic/pages";
import type { Filter } from "../logic/routes";
import { translate } from "../strings";
import { choiceStyles } from "../styles/choice";
import { controls } from "../styles/controls";
import { recipientStyles } from "../styles/recipients";
import { icon } from "./icons";
import "./scope-filter";
import "./search-field";
import { empty, failed, loading, more, stateStyles } from "./states";

const STATUSES = [null, "outstanding", "acknowledged"] as const;
const PICTURES = {
  acknowledged: "check",
  outstanding: "clock",
  overdue: "alert",
  left: "signOut",
  no_longer_asked: "info",
} as const;

export class AcknowledgingPeople extends LitElement {
  static override styles = [controls, choiceStyles, stateStyles, recipientStyles];
  static override properties = {
    hub: { attribute: false },
    directory: { attribute: false },
    message: { attribute: false },
    summary: { attribute: false },
    _wanted: { state: true },
  };

  declare hub: Hub;
  declare directory: Directory;
  declare message: Message;
  /** Null until it is known. */
  declare summary: AcknowledgementSummary | null;
  declare _wanted: WantedPeople;
  #pages: Pages<AcknowledgingPerson> | null = null;

  constructor() {
    super();
    this.summary = null;
    this._wanted = { status: null, filter: null, q: "" };
  }

  override willUpdate(changed: Map<string, unknown>): void {
    const before = changed.get("message") as Message | undefined;
    const isOther = changed.has("message") && before?.id !== this.message.id;
    const counted = changed.get("summary") as AcknowledgementSummary | null | undefined;
    if (changed.has("hub") || isOther || changed.has("_wanted")) this.#restart();
    else if (counted && this.summary && haveMoved(counted, this.summary)) void this.#pages?.reload();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.requestUpdate("hub");
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#pages?.close();
  }

  /** Shows those of one organisation or clinic, from its heading on. */
  async showScope(filter: Filter): Promise<void> {
    this.#change({ filter });
    await this.updateComplete;
    const heading = this.renderRoot.querySelector<HTMLElement>("#heading");
    heading?.focus();
    heading?.scrollIntoView({ block: "start" });
  }

  #restart(): void {
    this.#pages?.close();
    const { hub, message, _wanted: wanted } = this;
    this.#pages = new Pages<AcknowledgingPerson>(
      (after, signal) => hub.acknowledgements.getPeople(message.id, wanted, after, signal),
      () => this.requestUpdate(),
    );
    void this.#pages.start();
  }

  #change(change: Partial<WantedPeople>): void {
    this._wanted = { ...this._wanted, ...change };
  }

  override render() {
    const { filter, q } = this._wanted;
    return html`<section class="card" aria-labelledby="heading" aria-busy=${this.#pages?.status === "loading" ? "true" : "false"}>
      <div class="head"><h2 id="heading" tabindex="-1">${translate("acknowledging_people")}</h2></div>
      <div class="filters">
        ${this.#statusChoice()}
        <hub-search-field
          label=${translate("acknowledging_people_search")}
          hint=${translate("acknowledging_people_search_hint")}
          .words=${q}
          @words-change=${(event: CustomEvent<string>) => this.#change({ q: event.detail })}
        ></hub-search-field>
        ${
          this.directory.hasChoice || filter
            ? html`<hub-scope-filter
              .directory=${this.directory}
              .value=${filter}
              @scope-change=${(event: CustomEvent<Filter>) => this.#change({ filter: event.detail })}
            ></hub-scope-filter>`
            : ""
        }
      </div>
      ${this.#list()}
    </section>`;
  }

  #statusChoice() {
    const isOverdue = (this.summary?.totals.overdue ?? 0) > 0;
    return html`<div class="choice" role="group" aria-label=${translate("acknowledging_status")}>
      ${STATUSES.map(
        (status) => html`<button
          type="button"
          aria-pressed=${status === this._wanted.status ? "true" : "false"}
          @click=${() => this.#change({ status })}
        >
          ${translate(`acknowledging_status_${status === "outstanding" && isOverdue ? "overdue" : (status ?? "all")}`)}
        </button>`,
      )}
    </div>`;
  }

  #list() {
    const pages = this.#pages;
    if (!pages || (pages.items.length === 0 && pages.status === "loading"))
      return loading(translate("acknowledging_people_loading"), 3);
    if (pages.items.length === 0 && pages.status === "failed")
      return failed(translate("acknowledging_people_failed"), pages.error, () => void pages.retry());
    if (pages.items.length === 0) return this.#empty();
    return html`<ul>
        ${repeat(pages.items, ({ id }) => id, row)}
      </ul>
      ${more(pages)}`;
  }

  #empty() {
    const { status, q } = this._wanted;
    if (q) return empty("search", translate("no_matches", { query: q }), translate("sent_no_match_text"));
    return empty("people", translate(status === null ? "acknowledging_none" : `acknowledging_none_${status}`), "");
  }
}

function haveMoved({ totals: before }: AcknowledgementSummary, { totals }: AcknowledgementSummary): boolean {
  return before.acknowledged !== totals.acknowledged || before.overdue !== totals.overdue;
}

function row({ name, clinics, status, acknowledged_at }: AcknowledgingPerson) {
  return html`<li class="row">
    <p class="who" dir="auto">${name}</p>
    <p class="muted small where" dir="auto">${clinics.map((clinic) => clinic.name).join(", ")}</p>
    <p class="small read ${status}">
      ${icon(PICTURES[status])}
      <span>${translate(`acknowledging_is_${status}`, { date: acknowledged_at ? date(acknowledged_at) : "" })}</span>
    </p>
  </li>`;
}

customElements.define("hub-acknowledging-people", AcknowledgingPeople);
