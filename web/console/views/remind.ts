/** `<hub-remind>`: asks, then reminds those who have not acknowledged a message; or says why no one can be reminded. */
import { html, LitElement, nothing } from "lit";
import type { AcknowledgementSummary, Message } from "../../api";
import type { Hub } from "../hub";
import { reasonAgainstReminding, reminderError } from "../logic/acknowledging";
import { messagePath } from "../logic/routes";
import { translate } from "../strings";
import { acknowledgementStyles } from "../styles/acknowledgement";
import { controls } from "../styles/controls";
import "./confirmation";
import { icon } from "./icons";
import { withNames } from "./rich";

/** As long as the hub takes. */
const MAX_NOTE = 500;

export class Remind extends LitElement {
  static override styles = [controls, acknowledgementStyles];
  static override properties = {
    hub: { attribute: false },
    message: { attribute: false },
    summary: { attribute: false },
    isPart: { type: Boolean, attribute: "is-part" },
    _isAsking: { state: true },
    _isBusy: { state: true },
    _error: { state: true },
    _reminder: { state: true },
  };

  declare hub: Hub;
  declare message: Message;
  declare summary: AcknowledgementSummary;
  /** Whether the viewer administers some of its recipients only. */
  declare isPart: boolean;
  declare _isAsking: boolean;
  declare _isBusy: boolean;
  declare _error: string;
  /** What was sent. */
  declare _reminder: Message | null;

  constructor() {
    super();
    this.isPart = false;
    this._isAsking = false;
    this._isBusy = false;
    this._error = "";
    this._reminder = null;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    const before = changed.get("message") as Message | undefined;
    if (before && before.id !== this.message.id) this._reminder = null;
  }

  override render() {
    const { outstanding: count } = this.summary.totals;
    const reason = reasonAgainstReminding(this.message, this.summary);
    const label = count > 0 ? translate("acknowledging_remind", { count }) : translate("acknowledging_remind_others");
    return html`<button
        class="button"
        type="button"
        aria-disabled=${reason === null ? "false" : "true"}
        aria-describedby=${reason === null ? nothing : "reason"}
        @click=${() => reason === null && this.#ask(true)}
      >
        ${icon("send")}${label}
      </button>
      ${reason === null ? nothing : html`<p class="muted small" id="reason">${reason}</p>`}
      <div role="status">
        ${
          this._reminder
            ? html`<p class="small">
              ${translate("acknowledging_reminded")}
              <a href=${messagePath(this._reminder.id)}>${translate("acknowledging_open_reminder")}</a>
            </p>`
            : nothing
        }
      </div>
      ${this.#question(count)}`;
  }

  #question(count: number) {
    const { title } = this.message;
    return html`<hub-confirmation
      heading=${translate("acknowledging_ask_remind", { count })}
      yes=${translate(this._isBusy ? "acknowledging_reminding" : "acknowledging_remind_yes")}
      no=${translate("acknowledging_remind_no")}
      .open=${this._isAsking}
      .busy=${this._isBusy}
      .error=${this._error}
      @confirm=${this.#remind}
      @cancel=${() => this.#ask(false)}
    >
      <p>${withNames("acknowledging_remind_text", { title })}</p>
      ${this.isPart ? html`<p>${translate("acknowledging_remind_within")}</p>` : nothing}
      <div class="field">
        <label class="label" for="note">${translate("acknowledging_note")}</label>
        <textarea id="note" rows="3" dir="auto" maxlength=${MAX_NOTE}></textarea>
      </div>
    </hub-confirmation>`;
  }

  #ask(isAsking: boolean): void {
    this._isAsking = isAsking;
    this._error = "";
  }

  readonly #remind = async () => {
    const note = this.renderRoot.querySelector<HTMLTextAreaElement>("#note");
    this._isBusy = true;
    this._error = "";
    try {
      this._reminder = await this.hub.acknowledgements.remind(this.message.id, note?.value.trim() ?? "");
      this._isAsking = false;
      if (note) note.value = "";
    } catch (error) {
      this._error = reminderError(error, new Date());
    } finally {
      this._isBusy = false;
    }
  };
}

customElements.define("hub-remind", Remind);
