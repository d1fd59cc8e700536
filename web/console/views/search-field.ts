/** `<hub-search-field>`: words to search for. Fires `words-change` with them, trimmed, once typing pauses. */
import { css, html, LitElement, nothing } from "lit";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { fieldStyles } from "../styles/field";
import { icon } from "./icons";

const PAUSE_MS = 300;
/** The API takes no more. */
const MAXIMUM = 100;

export class SearchField extends LitElement {
  static override styles = [
    controls,
    fieldStyles,
    css`
      :host {
        display: block;
      }
    `,
  ];
  static override properties = { label: {}, hint: {}, words: {}, _text: { state: true } };

  declare label: string;
  declare hint: string;
  /** What is being searched for. */
  declare words: string;
  declare _text: string;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.label = "";
    this.hint = "";
    this.words = "";
    this._text = "";
  }

  override willUpdate(changed: Map<string, unknown>): void {
    // The answer to what was typed a moment ago does not take back what was typed since.
    if (changed.has("words") && this.#timer === undefined && this.words !== this._text.trim()) this._text = this.words;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  override render() {
    return html`<label class="label small" for="words">${this.label}</label>
      <div class="field">
        ${icon("search")}
        <input
          id="words"
          type="search"
          autocomplete="off"
          maxlength=${MAXIMUM}
          placeholder=${this.hint}
          .value=${this._text}
          @input=${this.#onInput}
          @change=${this.#tell}
        />
        ${
          this._text
            ? html`<button
              class="button quiet icon clear"
              type="button"
              aria-label=${translate("search_clear")}
              title=${translate("search_clear")}
              @click=${this.#clear}
            >
              ${icon("close")}
            </button>`
            : nothing
        }
      </div>`;
  }

  readonly #onInput = (event: Event) => {
    this._text = (event.target as HTMLInputElement).value;
    this.#stop();
    this.#timer = setTimeout(this.#tell, PAUSE_MS);
  };

  readonly #clear = () => {
    this._text = "";
    this.renderRoot.querySelector("input")?.focus();
    this.#tell();
  };

  readonly #tell = () => {
    this.#stop();
    const words = this._text.trim();
    if (words !== this.words) this.dispatchEvent(new CustomEvent("words-change", { detail: words }));
  };

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

customElements.define("hub-search-field", SearchField);
