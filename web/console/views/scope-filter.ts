/** `<hub-scope-filter>`: chooses one organisation or clinic out of thousands by typing. Fires `scope-change` with a `Filter`. */
import { css, html, LitElement, nothing } from "lit";
import type { Directory } from "../logic/directory";
import type { Filter } from "../logic/routes";
import { listScopes, type Scope } from "../logic/tree";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { fieldStyles } from "../styles/field";
import { icon } from "./icons";

const SHOWN = 50;

export class ScopeFilter extends LitElement {
  static override styles = [
    controls,
    fieldStyles,
    css`
      :host {
        position: relative;
        display: block;
      }

      .popup {
        position: absolute;
        inset-inline: 0;
        z-index: 3;
        margin-block-start: 0.25rem;
        padding: 0.375rem;
        border: 1px solid var(--_hub-line);
        border-radius: var(--_hub-radius);
        background: var(--_hub-raised);
        box-shadow: var(--_hub-shadow);
      }

      [role="listbox"] {
        max-block-size: 20rem;
        overflow: auto;
      }

      [role="option"] {
        padding: 0.5rem 0.625rem;
        border-radius: calc(var(--_hub-radius) * 0.75);
        cursor: pointer;
        overflow-wrap: anywhere;
      }

      [role="option"]:hover,
      [role="option"].current {
        background: var(--_hub-accent-soft);
      }

      [role="option"].current {
        outline: 2px solid var(--_hub-focus);
        outline-offset: -2px;
      }

      .hint {
        padding: 0.5rem 0.625rem;
      }
    `,
  ];
  static override properties = {
    directory: { attribute: false },
    value: { attribute: false },
    label: {},
    hint: {},
    required: { type: Boolean },
    _query: { state: true },
    _open: { state: true },
    _current: { state: true },
  };

  declare directory: Directory;
  declare value: Filter;
  declare label: string;
  /** In the empty field. */
  declare hint: string;
  /** Everything is no choice. */
  declare required: boolean;
  /** What is typed; null while the chosen name is shown. */
  declare _query: string | null;
  declare _open: boolean;
  declare _current: number;

  constructor() {
    super();
    this.value = null;
    this.label = translate("sent_filter");
    this.hint = translate("sent_filter_all");
    this.required = false;
    this._query = null;
    this._open = false;
    this._current = -1;
  }

  /** The options: everything first, unless something is typed. */
  get #options(): (Scope | null)[] {
    const scopes = listScopes(this.directory.audiences, this._query ?? "", SHOWN);
    return this._query || this.required ? scopes : [null, ...scopes];
  }

  override render() {
    const chosen = this.value ? this.directory.scopeName(this.value) : "";
    const options = this._open ? this.#options : [];
    return html`<label class="label small" for="input">${this.label}</label>
      <div class="field">
        ${icon("filter")}
        <input
          id="input"
          type="text"
          role="combobox"
          autocomplete="off"
          spellcheck="false"
          placeholder=${this.hint}
          aria-required=${this.required ? "true" : nothing}
          aria-autocomplete="list"
          aria-controls="options"
          aria-expanded=${this._open ? "true" : "false"}
          aria-activedescendant=${this._open && this._current >= 0 ? `option-${this._current}` : nothing}
          .value=${this._query ?? chosen}
          @input=${this.#onInput}
          @keydown=${this.#onKey}
          @click=${this.#onClick}
          @focus=${this.#select}
          @blur=${() => this.#hide()}
        />
        ${
          this.value
            ? html`<button
              class="button quiet icon clear"
              type="button"
              aria-label=${translate("sent_filter_clear")}
              title=${translate("sent_filter_clear")}
              @click=${this.#clear}
            >
              ${icon("close")}
            </button>`
            : nothing
        }
      </div>
      <div class="popup" ?hidden=${!this._open} @mousedown=${(event: Event) => event.preventDefault()}>
        <div role="listbox" id="options" aria-label=${translate("scopes")}>
          ${options.map((option, index) => this.#option(option, index))}
        </div>
        ${this._open ? this.#hint(options.length) : nothing}
      </div>`;
  }

  #option(scope: Scope | null, index: number) {
    const isChosen = scope ? scope.id === this.value?.id && scope.level === this.value.level : this.value === null;
    return html`<div
      role="option"
      id="option-${index}"
      class=${index === this._current ? "current" : ""}
      aria-selected=${isChosen ? "true" : "false"}
      @click=${() => this.#choose(scope)}
    >
      ${scope?.name ?? translate("sent_filter_all")} ${scope?.within ? html`<span class="muted small">· ${scope.within}</span>` : nothing}
    </div>`;
  }

  #hint(count: number) {
    const query = this._query ?? "";
    if (count === 0) return html`<p class="hint muted" role="status">${translate("no_matches", { query })}</p>`;
    if (count >= SHOWN) return html`<p class="hint muted small">${translate("list_first", { count: SHOWN })}</p>`;
    return query ? nothing : html`<p class="hint muted small">${translate("sent_filter_type")}</p>`;
  }

  #show(): void {
    this._open = true;
  }

  /** Selects the chosen name, so that typing replaces it. */
  readonly #select = (event: Event) => {
    if (this._query === null) (event.target as HTMLInputElement).select();
  };

  /** The click that brought the focus has put the cursor somewhere. */
  readonly #onClick = (event: Event) => {
    this.#show();
    this.#select(event);
  };

  #hide(): void {
    this._open = false;
    this._query = null;
    this._current = -1;
  }

  #choose(scope: Scope | null): void {
    this.#hide();
    const filter: Filter = scope && { level: scope.level, id: scope.id };
    this.dispatchEvent(new CustomEvent("scope-change", { detail: filter }));
  }

  readonly #clear = () => {
    this.renderRoot.querySelector("input")?.focus();
    this.#choose(null);
  };

  readonly #onInput = (event: InputEvent) => {
    this._query = (event.target as HTMLInputElement).value;
    this._current = this._query ? 0 : -1;
    this.#show();
  };

  readonly #onKey = async (event: KeyboardEvent) => {
    const options = this.#options;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const from = this._open ? this._current : step > 0 ? -1 : options.length;
      this.#show();
      this._current = (from + step + options.length) % Math.max(1, options.length);
      await this.updateComplete;
      this.renderRoot.querySelector(".current")?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && this._open) {
      event.preventDefault();
      const option = options[this._current];
      if (option !== undefined) this.#choose(option);
    } else if (event.key === "Escape" && this._open) {
      event.preventDefault();
      this.#hide();
    }
  };
}

customElements.define("hub-scope-filter", ScopeFilter);
