/**
 * `<hub-acknowledgement-tree>`: how far each organisation and clinic is. The clinics of an organisation are asked for when it is opened,
 * and long lists are drawn in parts. Fires `scope-chosen` with the one whose people are to be shown.
 */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { AcknowledgementSummary, ScopeNumbers } from "../../api";
import type { Hub } from "../hub";
import { acknowledgedText, inOrder, type Order, outstandingText, topRows } from "../logic/acknowledging";
import { sentence } from "../logic/problems";
import type { Filter } from "../logic/routes";
import { translate } from "../strings";
import { acknowledgementTreeStyles } from "../styles/acknowledgement-tree";
import { choiceStyles } from "../styles/choice";
import { controls } from "../styles/controls";
import { figureStyles } from "../styles/figures";
import { icon } from "./icons";
import { bar } from "./read-rate";

const ORDERS: readonly Order[] = ["worst", "name"];
/** How many rows of a list are drawn, and how many more each time. */
const PART = 20;
/** The list of the top. */
const TOP = "";

type Clinics = readonly ScopeNumbers[] | { readonly error: unknown };

export class AcknowledgementTree extends LitElement {
  static override styles = [controls, choiceStyles, figureStyles, acknowledgementTreeStyles];
  static override properties = {
    hub: { attribute: false },
    messageId: {},
    summary: { attribute: false },
    _order: { state: true },
    _shown: { state: true },
    _open: { state: true },
  };

  declare hub: Hub;
  declare messageId: string;
  declare summary: AcknowledgementSummary;
  declare _order: Order;
  /** How many rows of each list are drawn, by the organisation's id. */
  declare _shown: ReadonlyMap<string, number>;
  /** The clinics of the organisations that are open; null until they are known. */
  declare _open: ReadonlyMap<string, Clinics | null>;
  #abort = new AbortController();

  constructor() {
    super();
    this._order = "worst";
    this._shown = new Map();
    this._open = new Map();
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("messageId")) {
      this._shown = new Map();
      this._open = new Map();
    } else if (changed.has("summary")) for (const id of this._open.keys()) void this.#load(id);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#abort = new AbortController();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#abort.abort();
  }

  override render() {
    const rows = topRows(this.summary.data);
    const isFlat = rows.every(({ level }) => level === "clinic");
    // One row would repeat the total.
    if (rows.length < 2 && isFlat) return nothing;
    return html`<section class="card" aria-labelledby="heading">
      <div class="head">
        <h2 id="heading">${translate(isFlat ? "acknowledging_tree_clinics" : "acknowledging_tree")}</h2>
        <div class="choice" role="group" aria-label=${translate("acknowledging_order")}>
          ${ORDERS.map(
            (order) => html`<button
              type="button"
              aria-pressed=${order === this._order ? "true" : "false"}
              @click=${() => {
                this._order = order;
              }}
            >
              ${translate(`acknowledging_order_${order}`)}
            </button>`,
          )}
        </div>
      </div>
      ${this.#list(TOP, rows)}
    </section>`;
  }

  #list(id: string, rows: readonly ScopeNumbers[], label?: string): unknown {
    const shown = this._shown.get(id) ?? PART;
    const more = Math.min(PART, rows.length - shown);
    return html`<ul aria-label=${label ?? nothing} class=${id === TOP ? "top" : "inside"}>
        ${repeat(
          inOrder(rows, this._order).slice(0, shown),
          (row) => row.id,
          (row) => this.#row(row),
        )}
      </ul>
      ${
        more > 0
          ? html`<div class="more">
            <button class="button quiet" type="button" @click=${() => this.#showMore(id, shown)}>
              ${translate("acknowledging_more", { count: more })}
            </button>
          </div>`
          : nothing
      }`;
  }

  #row(row: ScopeNumbers) {
    const { id, name, level, acknowledged, recipients, overdue } = row;
    const isOpen = this._open.has(id);
    const outstanding = outstandingText(row);
    return html`<li>
      <div class="line ${level}">
        ${level === "organisation" ? this.#opener(id, name, isOpen) : nothing}
        <div class="what">
          <h3 dir="auto">${name}</h3>
          <p class="small">
            <span>${acknowledgedText(row)}</span>
            ${
              outstanding === null
                ? nothing
                : html`<span class=${overdue > 0 ? "bad" : "muted"}>${icon(overdue > 0 ? "alert" : "clock")}${outstanding}</span>`
            }
            ${row.left > 0 ? html`<span class="muted">${translate("acknowledging_left", { count: row.left })}</span>` : nothing}
          </p>
          <div aria-hidden="true">${bar(name, acknowledged, recipients)}</div>
        </div>
        ${this.#people(name, { level, id })}
      </div>
      ${isOpen && level === "organisation" ? this.#clinics(id, name) : nothing}
    </li>`;
  }

  #opener(id: string, name: string, isOpen: boolean) {
    return html`<button
      class="button quiet icon opener"
      type="button"
      aria-expanded=${isOpen ? "true" : "false"}
      aria-label=${translate("clinics_of", { name })}
      @click=${() => this.#toggle(id)}
    >
      ${icon("chevron")}
    </button>`;
  }

  #people(name: string, scope: NonNullable<Filter>) {
    const label = translate("acknowledging_show_people", { name });
    return html`<button
      class="button quiet icon"
      type="button"
      aria-label=${label}
      title=${label}
      @click=${() => this.dispatchEvent(new CustomEvent("scope-chosen", { detail: scope }))}
    >
      ${icon("people")}
    </button>`;
  }

  #clinics(id: string, name: string) {
    const clinics = this._open.get(id) ?? null;
    if (clinics === null)
      return html`<p class="none muted small" role="status">${translate("acknowledging_loading")}</p>`;
    if ("error" in clinics) {
      const reason = sentence(clinics.error);
      return html`<p class="none error" role="alert">
        ${icon("alert")}<span>${translate("acknowledging_clinics_failed", { reason })}</span>
      </p>`;
    }
    if (clinics.length === 0) return html`<p class="none muted small">${translate("acknowledging_clinics_none")}</p>`;
    return this.#list(id, clinics, translate("clinics_of", { name }));
  }

  #toggle(id: string): void {
    const open = new Map(this._open);
    const isOpen = open.delete(id);
    if (!isOpen) open.set(id, null);
    this._open = open;
    if (!isOpen) void this.#load(id);
  }

  async #load(id: string): Promise<void> {
    const { signal } = this.#abort;
    let clinics: Clinics;
    try {
      clinics = await this.hub.acknowledgements.getClinics(this.messageId, id, signal);
    } catch (error) {
      clinics = { error };
    }
    const before = this._open.get(id);
    // What is shown stays when it cannot be read again.
    if (signal.aborted || before === undefined || ("error" in clinics && before && !("error" in before))) return;
    this._open = new Map(this._open).set(id, clinics);
  }

  #showMore(id: string, shown: number): void {
    this._shown = new Map(this._shown).set(id, shown + PART);
  }
}

customElements.define("hub-acknowledgement-tree", AcknowledgementTree);

declare global {
  interface HTMLElementTagNameMap {
    "hub-acknowledgement-tree": AcknowledgementTree;
  }
}
