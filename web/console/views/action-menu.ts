/** `<hub-action-menu>`: a button and the menu that it opens; arrow keys move in it, Escape closes it. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { controls } from "../styles/controls";
import { avatarStyles } from "./avatar";
import { type IconName, icon } from "./icons";

export interface Action {
  readonly label: string;
  readonly picture: IconName;
  /** What it opens; without it, what it does. */
  readonly href?: string;
  readonly run?: () => void;
}

export class ActionMenu extends LitElement {
  static override styles = [
    controls,
    avatarStyles,
    css`
      :host {
        position: relative;
        display: inline-block;
      }

      .popup {
        position: absolute;
        inset-block-start: calc(100% + 0.25rem);
        inset-inline-end: 0;
        z-index: 10;
        min-inline-size: 15rem;
        padding: 0.375rem;
        border: 1px solid var(--_hub-line);
        border-radius: var(--_hub-radius);
        background: var(--_hub-raised);
        box-shadow: var(--_hub-shadow);
      }

      .button:has(.avatar) {
        border-radius: 50%;
      }

      .popup:focus {
        outline: none;
      }

      .head {
        padding: 0.5rem 0.75rem 0.75rem;
        margin-block-end: 0.25rem;
        border-block-end: 1px solid var(--_hub-line);
      }

      .account {
        display: flex;
        gap: 0.75rem;
        align-items: center;
        max-inline-size: 18rem;
      }

      .who {
        display: grid;
        min-inline-size: 0;
        overflow-wrap: anywhere;
        line-height: 1.35;
      }

      [role="menuitem"] {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        inline-size: 100%;
        min-block-size: var(--_hub-target);
        padding: 0.25rem 0.75rem;
        border: 0;
        border-radius: calc(var(--_hub-radius) * 0.75);
        background: none;
        color: inherit;
        text-align: start;
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
  static override properties = {
    label: {},
    face: { attribute: false },
    head: { attribute: false },
    actions: { attribute: false },
    _open: { state: true },
  };

  /** The button's name: "Actions for Northern Care Group". */
  declare label: string;
  /** What the button shows; ⋯ by default. */
  declare face: TemplateResult;
  /** Stands above the actions. */
  declare head: TemplateResult | null;
  declare actions: readonly Action[];
  declare _open: boolean;

  constructor() {
    super();
    this.label = "";
    this.face = icon("more");
    this.head = null;
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
        @mousedown=${this.#keepFocus}
        @click=${() => (this._open ? this.#close() : this.#open(0))}
        @keydown=${this.#onButtonKey}
      >
        ${this.face}
      </button>
      ${this._open ? this.#popup() : nothing}`;
  }

  #popup() {
    return html`<div class="popup" tabindex="-1" @keydown=${this.#onMenuKey} @focusout=${this.#onFocusOut}>
      ${this.head ? html`<div class="head" id="head">${this.head}</div>` : nothing}
      <div role="menu" aria-label=${this.label} aria-describedby=${this.head ? "head" : nothing}>
        ${this.actions.map((action) => this.#item(action))}
      </div>
    </div>`;
  }

  #item({ label, picture, href, run }: Action) {
    const choose = () => {
      this.#close();
      run?.();
    };
    return href === undefined
      ? html`<button role="menuitem" tabindex="-1" type="button" @click=${choose}>${icon(picture)}${label}</button>`
      : html`<a role="menuitem" tabindex="-1" href=${href} @click=${choose}>${icon(picture)}${label}</a>`;
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

  /** The click that follows closes an open menu; it would be opened again if it had lost the focus before. */
  readonly #keepFocus = (event: Event) => {
    if (this._open) event.preventDefault();
  };

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
