/** `<hub-audience-picker>`: who gets a message. Everyone, or a choice in the tree; what is chosen stands below. Fires `selection-change`. */
import { css, html, LitElement, nothing } from "lit";
import type { Directory } from "../logic/directory";
import { countScopes, MAX_SCOPES, NOTHING, type Selection } from "../logic/selection";
import { counted, number, people } from "../logic/wording";
import { controls } from "../styles/controls";
import { icon } from "./icons";
import "./scope-tree";
import type { ScopeTree } from "./scope-tree";

const SHOWN = 6;

interface Chosen {
  level: "organisation" | "clinic";
  id: string;
  name: string;
}

export class AudiencePicker extends LitElement {
  static override styles = [
    controls,
    css`
      :host {
        display: grid;
        gap: 1rem;
      }

      .everyone {
        display: flex;
        gap: 0.875rem;
        align-items: center;
        padding: 0.875rem 1rem;
        border: 1px solid var(--_hub-line);
        border-radius: var(--_hub-radius);
        background: var(--_hub-surface);
        cursor: pointer;
      }

      .everyone strong {
        display: block;
        font-weight: 500;
      }

      input[role="switch"] {
        position: relative;
        inline-size: 2.75rem;
        block-size: 1.5rem;
        border: 1px solid var(--_hub-control-line);
        border-radius: 0.75rem;
        background: var(--_hub-background);
        appearance: none;
        cursor: pointer;
        transition: background-color 120ms;
      }

      input[role="switch"]::before {
        position: absolute;
        inset-block: 0.1875rem;
        inset-inline-start: 0.1875rem;
        inline-size: 1rem;
        border-radius: 50%;
        background: var(--_hub-control-line);
        content: "";
        transition: inset-inline-start 120ms;
      }

      input[role="switch"]:checked {
        border-color: var(--_hub-accent);
        background: var(--_hub-accent);
      }

      input[role="switch"]:checked::before {
        inset-inline-start: 1.4375rem;
        background: var(--_hub-on-accent);
      }

      @media (forced-colors: active) {
        input[role="switch"],
        input[role="switch"]::before {
          forced-color-adjust: none;
          border-color: ButtonText;
          background: ButtonFace;
        }

        input[role="switch"]::before {
          background: ButtonText;
        }

        input[role="switch"]:checked {
          background: Highlight;
        }
      }

      .chosen {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        align-items: center;
      }

      .chip {
        display: inline-flex;
        align-items: center;
        gap: 0.25rem;
        min-block-size: 2rem;
        padding: 0.125rem 0.5rem 0.125rem 0.75rem;
        border: 1px solid var(--_hub-line);
        border-radius: 1rem;
        background: var(--_hub-accent-soft);
        font-size: 0.8125rem;
        text-align: start;
        cursor: pointer;
        overflow-wrap: anywhere;
      }

      .chip:hover {
        border-color: var(--_hub-control-line);
      }

      .chip svg {
        inline-size: 0.875rem;
        block-size: 0.875rem;
      }
    `,
  ];
  static override properties = { directory: { attribute: false }, selection: { attribute: false } };

  declare directory: Directory;
  declare selection: Selection;

  constructor() {
    super();
    this.selection = NOTHING;
  }

  override focus(): void {
    const target = this.renderRoot.querySelector<HTMLElement>('[role="switch"]') ?? this.#tree;
    target?.focus();
  }

  get #tree(): ScopeTree | null {
    return this.renderRoot.querySelector("hub-scope-tree");
  }

  override render() {
    const { audiences } = this.directory;
    const { everyone } = this.selection;
    return html`${audiences.everyone ? this.#everyone() : nothing}
      ${
        everyone
          ? nothing
          : html`<hub-scope-tree
              .audiences=${audiences}
              .selection=${this.selection}
              @selection-change=${this.#onTree}
            ></hub-scope-tree>
            ${this.#chosen()}`
      }`;
  }

  #everyone() {
    const count = this.directory.audiences.user_count;
    return html`<label class="everyone">
      <input type="checkbox" role="switch" .checked=${this.selection.everyone} @change=${this.#onEveryone} />
      <span>
        <strong>Everyone on the platform</strong>
        ${count === null ? nothing : html`<span class="muted small">${people(count)}</span>`}
      </span>
    </label>`;
  }

  #chosen() {
    const count = countScopes(this.selection);
    if (count === 0) return nothing;
    const { organisations, clinics } = this.selection;
    const chosen = this.#list();
    const parts = [
      organisations.size > 0 ? counted(organisations.size, "organisation") : "",
      clinics.size > 0 ? counted(clinics.size, "clinic") : "",
    ].filter(Boolean);
    return html`<div>
        <p class="small muted" id="chosen">Chosen: ${parts.join(" and ")}</p>
        <div class="chosen" role="group" aria-labelledby="chosen">
          ${chosen.slice(0, SHOWN).map((scope) => this.#chip(scope))}
          ${chosen.length > SHOWN ? html`<span class="small">and ${number(chosen.length - SHOWN)} more</span>` : nothing}
          <button class="button quiet small" type="button" @click=${this.#clear}>Clear all</button>
        </div>
      </div>
      ${
        count > MAX_SCOPES
          ? html`<p class="error" role="alert">
            ${icon("alert")}<span>Choose at most ${number(MAX_SCOPES)}: tick whole organisations instead.</span>
          </p>`
          : nothing
      }`;
  }

  #list(): Chosen[] {
    const { directory, selection } = this;
    const organisations = [...selection.organisations].map((id) => ({ level: "organisation" as const, id }));
    const clinics = [...selection.clinics].map((id) => ({ level: "clinic" as const, id }));
    return [...organisations, ...clinics].map((scope) => ({ ...scope, name: directory.scopeName(scope) }));
  }

  #chip(scope: Chosen) {
    return html`<button class="chip" type="button" aria-label="Remove ${scope.name}" @click=${() => this.#remove(scope)}>
      <bdi>${scope.name}</bdi> ${icon("close")}
    </button>`;
  }

  #remove({ level, id }: Chosen): void {
    const organisations = new Set(this.selection.organisations);
    const clinics = new Set(this.selection.clinics);
    (level === "organisation" ? organisations : clinics).delete(id);
    this.#choose({ ...this.selection, organisations, clinics });
    void this.#focusAfterRemoval();
  }

  /** The button is gone with what it removed: the focus goes to the next one, or back to the tree. */
  async #focusAfterRemoval(): Promise<void> {
    await this.updateComplete;
    (this.renderRoot.querySelector<HTMLElement>(".chip") ?? this.#tree)?.focus();
  }

  readonly #clear = () => {
    this.#choose(NOTHING);
    void this.#focusAfterRemoval();
  };

  readonly #onEveryone = (event: Event) => {
    this.#choose({ ...this.selection, everyone: (event.target as HTMLInputElement).checked });
  };

  readonly #onTree = (event: CustomEvent<Selection>) => {
    event.stopPropagation();
    this.#choose(event.detail);
  };

  #choose(selection: Selection): void {
    this.selection = selection;
    this.dispatchEvent(new CustomEvent("selection-change", { detail: selection, bubbles: true, composed: true }));
  }
}

customElements.define("hub-audience-picker", AudiencePicker);
