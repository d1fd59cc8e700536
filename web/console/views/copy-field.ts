/** `<hub-copy-field>`: a value to be entered elsewhere, with a button that copies it. */
import { css, html, LitElement, nothing } from "lit";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { icon } from "./icons";

export class CopyField extends LitElement {
  static override styles = [
    controls,
    css`
      :host {
        display: block;
      }

      .line {
        display: flex;
        gap: 0.5rem;
        margin-block-start: 0.25rem;
      }

      .line input {
        flex: 1;
        min-inline-size: 0;
        font-family: ui-monospace, monospace;
        text-overflow: ellipsis;
      }
    `,
  ];
  static override properties = { label: {}, value: {}, _result: { state: true } };

  declare label: string;
  declare value: string;
  declare _result: "" | "copied" | "copy_by_hand";

  constructor() {
    super();
    this.label = "";
    this.value = "";
    this._result = "";
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("value")) this._result = "";
  }

  override focus(): void {
    this.renderRoot.querySelector("input")?.focus();
  }

  override render() {
    const isCopied = this._result === "copied";
    return html`<label class="label small" for="value">${this.label}</label>
      <div class="line">
        <input id="value" type="text" dir="ltr" readonly autocomplete="off" spellcheck="false" .value=${this.value} @focus=${this.#select} />
        <button class="button" type="button" aria-label="${translate("provisioning_copy")}: ${this.label}" @click=${this.#copy}>
          ${icon(isCopied ? "check" : "copy")}${translate("provisioning_copy")}
        </button>
      </div>
      <p class="small muted" role="status">
        ${this._result ? translate(`provisioning_${this._result}`) : nothing}
      </p>`;
  }

  readonly #select = () => this.renderRoot.querySelector("input")?.select();

  /** Browsers lend the clipboard to pages over HTTPS only. */
  readonly #copy = async () => {
    try {
      await navigator.clipboard.writeText(this.value);
      this._result = "copied";
    } catch {
      this.focus();
      this._result = "copy_by_hand";
    }
  };
}

customElements.define("hub-copy-field", CopyField);
