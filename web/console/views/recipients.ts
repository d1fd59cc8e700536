/** `<hub-recipients>`: who has received a message and who has read it, as far as the viewer administers them; and the same as a file. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Recipient, SentMessage } from "../../api";
import type { Hub, WantedRecipients } from "../hub";
import { date } from "../logic/dates";
import type { Directory } from "../logic/directory";
import { fileName } from "../logic/download";
import { Pages } from "../logic/pages";
import type { Filter } from "../logic/routes";
import { translate } from "../strings";
import { choiceStyles } from "../styles/choice";
import { controls } from "../styles/controls";
import { recipientStyles } from "../styles/recipients";
import { FileExport } from "./file-export";
import { icon } from "./icons";
import "./scope-filter";
import { empty, failed, loading, more, stateStyles } from "./states";

const STATUSES = ["all", "read", "unread"] as const;
type Status = (typeof STATUSES)[number];

export class Recipients extends LitElement {
  static override styles = [controls, choiceStyles, stateStyles, recipientStyles];
  static override properties = {
    hub: { attribute: false },
    directory: { attribute: false },
    message: { attribute: false },
    _status: { state: true },
    _filter: { state: true },
  };

  declare hub: Hub;
  declare directory: Directory;
  declare message: Pick<SentMessage, "id" | "title" | "audience" | "entries_dropped" | "read_count">;
  declare _status: Status;
  declare _filter: Filter;
  #pages: Pages<Recipient> | null = null;
  readonly #export = new FileExport(this, "message_export_failed");

  constructor() {
    super();
    this._status = "all";
    this._filter = null;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    const before = changed.get("message") as Recipients["message"] | undefined;
    const isOther = changed.has("message") && before?.id !== this.message.id;
    if (changed.has("hub") || isOther || changed.has("_status") || changed.has("_filter")) this.#restart();
    else if (before && before.read_count !== this.message.read_count) void this.#pages?.reload();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.requestUpdate("hub");
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#pages?.close();
  }

  get #wanted(): WantedRecipients {
    return { status: this._status === "all" ? null : this._status, filter: this._filter };
  }

  #restart(): void {
    this.#pages?.close();
    const { hub, message } = this;
    const wanted = this.#wanted;
    this.#pages = new Pages<Recipient>(
      (after, signal) => hub.getRecipients(message.id, wanted, after, signal),
      () => this.requestUpdate(),
    );
    void this.#pages.start();
  }

  override render() {
    return html`<section class="card" aria-labelledby="heading" aria-busy=${this.#pages?.status === "loading" ? "true" : "false"}>
      <div class="head">
        <h2 id="heading">${translate("message_recipients")}</h2>
        ${this.#export.buttons([{ label: translate("message_export"), file: this.#file }])}
      </div>
      ${this.#export.notes()}
      ${
        this.directory.level === "platform" || this.#isOneClinic
          ? nothing
          : html`<p class="muted small pad">${translate("message_recipients_reach")}</p>`
      }
      <div class="filters">${this.message.entries_dropped ? nothing : this.#statusChoice()} ${this.#scopeFilter()}</div>
      ${this.#list()}
    </section>`;
  }

  get #isOneClinic(): boolean {
    const { everyone, organisations = [], clinics = [], other_scopes = 0 } = this.message.audience;
    return !everyone && organisations.length + other_scopes === 0 && clinics.length === 1;
  }

  #statusChoice() {
    return html`<div class="choice" role="group" aria-label=${translate("message_recipients_status")}>
      ${STATUSES.map(
        (status) => html`<button
          type="button"
          aria-pressed=${status === this._status ? "true" : "false"}
          @click=${() => {
            this._status = status;
          }}
        >
          ${translate(`message_recipients_${status}`)}
        </button>`,
      )}
    </div>`;
  }

  /** Nothing where the message or its viewer has one clinic only. */
  #scopeFilter() {
    if (this.#isOneClinic || !this.directory.hasChoice) return nothing;
    return html`<hub-scope-filter
      .directory=${this.directory}
      .value=${this._filter}
      @scope-change=${(event: CustomEvent<Filter>) => {
        this._filter = event.detail;
      }}
    ></hub-scope-filter>`;
  }

  #list() {
    const pages = this.#pages;
    if (!pages || (pages.items.length === 0 && pages.status === "loading"))
      return loading(translate("message_recipients_loading"), 3);
    if (pages.items.length === 0 && pages.status === "failed")
      return failed(translate("message_recipients_failed"), pages.error, () => void pages.retry());
    if (pages.items.length === 0) return empty("people", translate(`message_recipients_none_${this._status}`), "");
    return html`<ul>
        ${repeat(
          pages.items,
          ({ id }) => id,
          (recipient) => this.#row(recipient),
        )}
      </ul>
      ${more(pages)}`;
  }

  #row({ name, clinics, read_at }: Recipient) {
    return html`<li class="row">
      <p class="who" dir="auto">${name}</p>
      <p class="muted small where" dir="auto">${clinics.map((clinic) => clinic.name).join(", ")}</p>
      <p class="small read">${this.#readStatus(read_at)}</p>
    </li>`;
  }

  #readStatus(read_at: string | null) {
    if (this.message.entries_dropped) return nothing;
    if (read_at === null) return html`<span class="muted">${translate("message_recipients_unread")}</span>`;
    return html`${icon("check")}<span>${translate("message_read_on", { date: date(read_at) })}</span>`;
  }

  readonly #file = () => {
    const { hub, message } = this;
    const wanted = this.#wanted;
    return {
      name: fileName(translate("message_export_file", { title: message.title }), "csv"),
      load: (onLines: (count: number) => void, signal: AbortSignal) =>
        hub.exportRecipients(message.id, wanted, onLines, signal),
    };
  };
}

customElements.define("hub-recipients", Recipients);
