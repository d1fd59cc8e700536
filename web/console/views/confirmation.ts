/**
 * `<hub-confirmation>`: asks once more before something happens. A modal dialog: focus stays inside and returns afterwards.
 *
 * Its children say what it is about. Fires `confirm` and `cancel`; its parent sets `open`.
 */
import { css, html, LitElement, nothing } from "lit";
import { type Click, isAnswer } from "../logic/clicks";
import { controls } from "../styles/controls";
import { icon } from "./icons";

/** The newest click anywhere in the page: the one that a dialog is opened by. */
let newestClick: Click | null = null;
window.addEventListener(
  "click",
  (event) => {
    newestClick = event;
  },
  { capture: true },
);

export class Confirmation extends LitElement {
  static override styles = [
    controls,
    css`
      dialog {
        inline-size: min(32rem, calc(100vw - 2rem));
        max-block-size: calc(100dvh - 2rem);
        padding: 1.5rem 1.5rem 0;
        overflow: auto;
        scroll-padding-block-end: 6rem;
        border: 1px solid var(--_hub-line);
        border-radius: calc(var(--_hub-radius) * 2);
        background: var(--_hub-raised);
        color: var(--_hub-text);
        box-shadow: var(--_hub-shadow);
      }

      dialog::backdrop {
        background: rgb(10 20 28 / 50%);
      }

      h2 {
        margin-block-end: 0.75rem;
        font-size: 1.125rem;
        overflow-wrap: anywhere;
      }

      h2:focus {
        outline: none;
      }

      #text {
        overflow-wrap: anywhere;
      }

      .error,
      .progress {
        margin-block-start: 1rem;
      }

      /* In sight however long the text is. */
      .actions {
        display: flex;
        position: sticky;
        inset-block-end: 0;
        flex-wrap: wrap;
        justify-content: flex-end;
        gap: 0.75rem;
        padding-block: 1rem 1.5rem;
        background: var(--_hub-raised);
      }

      @media (max-width: 26rem) {
        .actions .button {
          flex: 1 1 100%;
        }
      }
    `,
  ];
  static override properties = {
    open: { type: Boolean },
    heading: {},
    yes: {},
    no: {},
    danger: { type: Boolean },
    busy: { type: Boolean },
    progress: {},
    error: {},
  };

  declare open: boolean;
  declare heading: string;
  declare yes: string;
  declare no: string;
  declare danger: boolean;
  /** Working on it: the answer cannot be given twice. */
  declare busy: boolean;
  /** What is being done, while busy. */
  declare progress: string;
  declare error: string;
  #opener: Click | null = null;

  constructor() {
    super();
    this.open = false;
    this.heading = "";
    this.yes = "";
    this.no = "";
    this.danger = false;
    this.busy = false;
    this.progress = "";
    this.error = "";
  }

  override updated(): void {
    const dialog = this.renderRoot.querySelector("dialog");
    if (this.open && dialog && !dialog.open) {
      this.#opener = newestClick;
      dialog.showModal();
    } else if (!this.open && dialog?.open) dialog.close();
  }

  override render() {
    return html`<dialog aria-labelledby="heading" aria-describedby="text" @cancel=${this.#cancelled} @close=${this.#closed}>
      <h2 id="heading" tabindex="-1" autofocus>${this.heading}</h2>
      <div id="text"><slot></slot></div>
      <div role="alert">
        ${this.error ? html`<p class="error">${icon("alert")}<span>${this.error}</span></p>` : nothing}
      </div>
      <div role="status">${this.busy && this.progress ? html`<p class="progress muted">${this.progress}</p>` : nothing}</div>
      <div class="actions">
        <button class="button" type="button" @click=${(event: MouseEvent) => this.#answer("cancel", event)}>${this.no}</button>
        <button
          class="button primary ${this.danger ? "danger" : ""}"
          type="button"
          aria-disabled=${this.busy ? "true" : "false"}
          @click=${(event: MouseEvent) => this.busy || this.#answer("confirm", event)}
        >
          ${this.yes}
        </button>
      </div>
    </dialog>`;
  }

  /**
   * Escape, or the back gesture of a phone. The parent closes the dialog, not the browser: its `close` event comes after the focus
   * is back, and by then the same button may have asked again.
   */
  readonly #cancelled = (event: Event) => {
    event.preventDefault();
    this.#fire("cancel");
  };

  /** The browser closed it all the same, as it may after a second Escape. */
  readonly #closed = () => {
    if (this.open && !this.renderRoot.querySelector("dialog")?.open) this.#fire("cancel");
  };

  #answer(what: "confirm" | "cancel", click: MouseEvent): void {
    if (isAnswer(click, this.#opener)) this.#fire(what);
  }

  #fire(what: "confirm" | "cancel"): void {
    this.dispatchEvent(new CustomEvent(what));
  }
}

customElements.define("hub-confirmation", Confirmation);
