/** `<hub-action-menu>`: the ⋯ of a row and the links it opens; arrow keys move in it, Escape closes it. */
import { css, html, LitElement } from "lit";
import { controls } from "../styles/controls";
import { type IconName, icon } from "./icons";

export interface Action {
  readonly label: string;
  readonly picture: IconName;
  readonly href: string;
}

export class ActionMenu extends LitElement {
  static override styles = [
    controls,
    css`
      :host {
        position: relative;
        display: inline-block;
      }

      [role="menu"] {
        position: absolute;
        inset-block-start: calc(100% + 0.25rem);
        inset-inline-end: 0;
        z-index: 2;
        min-inline-size: 13rem;
        padding: 0.375rem;
        border: 1px solid var(--_hub-line);
        border-radius: var(--_hub-radius);
        background: var(--_hub-raised);
        box-shadow: var(--_hub-shadow);
      }

      [role="menuitem"] {
        display: flex;
        align-items: center;
        gap: 0.625rem;
        padding: 0.5rem 0.625rem;
        border-radius: calc(var(--_hub-radius) * 0.75);
        color: inherit;
        text-decoration: none;
        white-space: nowrap;
      }

      [role="menuitem"]:hover,
      [role="menuitem"]:focus {
        background: var(--_hub-accent-soft);
      }

      [role="menuitem"]:focus-visible {
        outline-offset: -2px;
      }
    `,
  ];
  static override properties = { label: {}, actions: { attribute: false }, _open: { state: true } };

  /** What it belongs to: "Actions for Northern Care Group". */
  declare label: string;
  declare actions: readonly Action[];
  declare _open: boolean;

  constructor() {
    super();
    this.label = "";
    this.actions = [];
    this._open = false;
  }

  override render() {
    return html`<button
        class="button quiet icon"
        type="button"
        id="button"
        aria-haspopup="menu"
        aria-expanded=${this._open ? "true" : "false"}
        aria-label=${this.label}
        title=${this.label}
        @click=${() => (this._open ? this.#close() : this.#open(0))}
        @keydown=${this.#onButtonKey}
      >
        ${icon("more")}
      </button>
      ${this._open ? this.#menu() : ""}`;
  }

  #menu() {
    return html`<div role="menu" aria-label=${this.label} @keydown=${this.#onMenuKey} @focusout=${this.#onFocusOut}>
      ${this.actions.map(
        ({ label, picture, href }) =>
          html`<a role="menuitem" tabindex="-1" href=${href} @click=${() => this.#close()}>${icon(picture)}${label}</a>`,
      )}
    </div>`;
  }

  async #open(index: number): Promise<void> {
    this._open = true;
    await this.updateComplete;
    this.#items().at(index)?.focus();
  }

  #close(): void {
    this._open = false;
    this.renderRoot.querySelector("button")?.focus();
  }

  #items(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  }

  readonly #onButtonKey = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    void this.#open(event.key === "ArrowDown" ? 0 : -1);
  };

  readonly #onMenuKey = (event: KeyboardEvent) => {
    const items = this.#items();
    const current = items.indexOf(event.target as HTMLElement);
    const moves: Record<string, number> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      Home: 0,
      End: -1,
    };
    const move = moves[event.key];
    if (move !== undefined) items.at(move % items.length)?.focus();
    else if (event.key === "Escape") this.#close();
    else if (event.key === " ") (event.target as HTMLElement).click();
    else if (event.key === "Tab") this._open = false;
    if (move !== undefined || event.key === "Escape" || event.key === " ") event.preventDefault();
  };

  readonly #onFocusOut = (event: FocusEvent) => {
    const next = event.relatedTarget as Node | null;
    if (next === null || !this.renderRoot.contains(next)) this._open = false;
  };
}

customElements.define("hub-action-menu", ActionMenu);
