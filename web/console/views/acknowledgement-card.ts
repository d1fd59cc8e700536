/** `<hub-acknowledgement-card>`: how many have acknowledged a message, in words and as a bar; reminds the others, and makes files. */
import { html, LitElement, nothing } from "lit";
import type { AcknowledgementSummary, Message } from "../../api";
import type { Hub } from "../hub";
import type { ExportFormat } from "../hub-acknowledgements";
import { medianText, outstandingText, percentText } from "../logic/acknowledging";
import { date } from "../logic/dates";
import { fileName } from "../logic/download";
import { translate } from "../strings";
import { acknowledgementStyles } from "../styles/acknowledgement";
import { controls } from "../styles/controls";
import { figureStyles } from "../styles/figures";
import { FileExport } from "./file-export";
import { icon } from "./icons";
import { bar } from "./read-rate";
import "./remind";
import { failed, loading, stateStyles } from "./states";
import "./time";

export class AcknowledgementCard extends LitElement {
  static override styles = [controls, stateStyles, figureStyles, acknowledgementStyles];
  static override properties = {
    hub: { attribute: false },
    message: { attribute: false },
    summary: { attribute: false },
    error: { attribute: false },
    isPart: { type: Boolean, attribute: "is-part" },
  };

  declare hub: Hub;
  declare message: Message;
  /** Null until it is known. */
  declare summary: AcknowledgementSummary | null;
  /** Why it is not known. */
  declare error: unknown;
  /** Whether the viewer administers some of its recipients only. */
  declare isPart: boolean;
  readonly #export = new FileExport(this, "acknowledging_export_failed");

  constructor() {
    super();
    this.summary = null;
    this.error = null;
    this.isPart = false;
  }

  override render() {
    return html`<section class="card pad" aria-labelledby="heading">
      <h2 id="heading">${translate("acknowledgement")}</h2>
      ${this.#content()}
    </section>`;
  }

  #content() {
    const { summary, error } = this;
    if (error !== null) {
      const retry = () => this.dispatchEvent(new CustomEvent("retry"));
      return failed(translate("acknowledging_failed"), error, retry);
    }
    if (summary === null) return loading(translate("acknowledging_loading"), 1);
    const { totals } = summary;
    const median = medianText(totals);
    const text = translate("acknowledging_by", { part: totals.acknowledged, count: totals.recipients });
    return html`<p class="figure">${percentText(totals)}</p>
      ${bar(translate("acknowledgement"), totals.acknowledged, totals.recipients)}
      <p>${text}</p>
      ${median === null ? nothing : html`<p class="muted small">${median}</p>`} ${this.#numbers(summary)}
      <p class="muted small">${translate("acknowledging_as_of")}<hub-time .at=${summary.as_of}></hub-time></p>
      ${this.isPart ? html`<p class="muted small">${translate("message_recipients_reach")}</p>` : nothing}
      <hub-remind .hub=${this.hub} .message=${this.message} .summary=${summary} ?is-part=${this.isPart}></hub-remind>
      ${this.#files()}`;
  }

  #numbers({ totals, due_at }: AcknowledgementSummary) {
    const { left, no_longer_asked: closed, overdue } = totals;
    const outstanding = outstandingText(totals);
    const isPast = due_at !== null && new Date(due_at) <= new Date();
    const due = due_at && translate(isPast ? "acknowledging_was_due" : "acknowledging_due", { date: date(due_at) });
    return html`<ul class="numbers">
      ${
        outstanding === null
          ? nothing
          : html`<li class=${overdue > 0 ? "bad" : ""}>${icon(overdue > 0 ? "alert" : "clock")}${outstanding}</li>`
      }
      ${closed > 0 ? html`<li>${icon("info")}${translate("acknowledging_no_longer_asked", { count: closed })}</li>` : nothing}
      ${left > 0 ? html`<li>${icon("signOut")}${translate("acknowledging_left", { count: left })}</li>` : nothing}
      <li class="muted">${icon("calendar")}${due ?? translate("acknowledging_no_due")}</li>
    </ul>`;
  }

  #files() {
    const file = (format: ExportFormat, ending: string) => () => ({
      name: fileName(translate(`acknowledging_${format}_file`, { title: this.message.title }), ending),
      load: (onLines: (count: number) => void, signal: AbortSignal) =>
        this.hub.acknowledgements.export(this.message.id, format, onLines, signal),
    });
    return html`<div class="files" role="group" aria-label=${translate("acknowledging_download")}>
        ${this.#export.buttons([
          { label: translate("acknowledging_csv"), file: file("csv", "csv") },
          { label: translate("acknowledging_evidence"), file: file("evidence", "jsonl") },
        ])}
      </div>
      <p class="muted small">${translate("acknowledging_evidence_hint")}</p>
      ${this.#export.notes()}`;
  }
}

customElements.define("hub-acknowledgement-card", AcknowledgementCard);
