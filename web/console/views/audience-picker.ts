/** `<hub-audience-picker>`: the recipients of a message, everyone or a choice in the tree. Fires `selection-change`. */
import { css, html, LitElement, nothing } from "lit";
import type { Directory } from "../logic/directory";
import {
  countScopes,
  isSameChoice,
  MAX_SCOPES,
  NOTHING,
  type Selection,
  type Whole,
  wholeReach,
} from "../logic/selection";
import { people } from "../logic/wording";
import { translate } from "../strings";
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

      .choices {
        display: grid;
        gap: 0.5rem;
      }

      .choice {
        display: flex;
        gap: 0.75rem;
        align-items: center;
        min-block-size: 3.25rem;
        padding: 0.375rem 0.875rem;
        border: 1px solid var(--_hub-control-line);
        border-radius: var(--_hub-radius);
        cursor: pointer;
      }

      .choice:hover {
        background: var(--_hub-surface);
      }

      .choice:has(:checked) {
        border-color: var(--_hub-accent);
        background: var(--_hub-accent-soft);
      }

      .choice .small {
        display: block;
        line-height: 1.25;
      }

      .only {
        display: flex;
        gap: 0.625rem;
        align-items: center;
        overflow-wrap: anywhere;
      }

      .only svg {
        color: var(--_hub-accent);
      }

      @container (min-width: 36rem) {
        .choices {
          grid-template-columns: 1fr 1fr;
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
        min-block-size: var(--_hub-target);
        padding: 0.125rem 0.625rem 0.125rem 0.875rem;
        border: 1px solid var(--_hub-line);
        border-radius: calc(var(--_hub-target) / 2);
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
  static override properties = {
    directory: { attribute: false },
    selection: { attribute: false },
    _isChoosing: { state: true },
  };

  declare directory: Directory;
  declare selection: Selection;
  /** Whether the tree was asked for; it is shown for a choice in it, too. */
  declare _isChoosing: boolean;
  /** What was chosen in the tree before everyone was. */
  #earlier: Selection = NOTHING;

  constructor() {
    super();
    this.selection = NOTHING;
    this._isChoosing = false;
  }

  override focus(): void {
    (this.renderRoot.querySelector<HTMLElement>('[type="radio"]') ?? this.#tree)?.focus();
  }

  get #tree(): ScopeTree | null {
    return this.renderRoot.querySelector("hub-scope-tree");
  }

  override render() {
    const { audiences } = this.directory;
    const whole = wholeReach(audiences);
    if (whole?.isOnly) return this.#only(whole);
    const isWhole = whole !== null && isSameChoice(this.selection, whole.selection);
    const isTree = whole === null || (!isWhole && (this._isChoosing || countScopes(this.selection) > 0));
    return html`${whole === null ? nothing : this.#choices(whole, isWhole, isTree)}
      ${
        isTree
          ? html`<hub-scope-tree
              .audiences=${audiences}
              .selection=${this.selection}
              @selection-change=${this.#onTree}
            ></hub-scope-tree>
            ${this.#chosen()}`
          : nothing
      }`;
  }

  #only(whole: Whole) {
    const text = translate("compose_only", { everyone: everyoneIn(whole), people: people(whole.count) });
    return html`<p class="only">${icon("people")}<span dir="auto">${text}</span></p>`;
  }

  #choices(whole: Whole, isWhole: boolean, isTree: boolean) {
    return html`<div class="choices">
      <label class="choice">
        <input type="radio" name="recipients" .checked=${isWhole} @change=${() => this.#chooseWhole(whole)} />
        <span>
          <span dir="auto">${everyoneIn(whole)}</span>
          <span class="muted small">${people(whole.count)}</span>
        </span>
      </label>
      <label class="choice">
        <input type="radio" name="recipients" .checked=${isTree} @change=${this.#chooseSome} />
        <span>${translate("compose_choose")}</span>
      </label>
    </div>`;
  }

  #chooseWhole({ selection }: Whole): void {
    this.#earlier = this.selection;
    this._isChoosing = false;
    this.#choose(selection);
  }

  readonly #chooseSome = () => {
    this._isChoosing = true;
    this.#choose(this.#earlier);
  };

  #chosen() {
    const count = countScopes(this.selection);
    if (count === 0) return nothing;
    const chosen = this.#list();
    const more = chosen.length - SHOWN;
    return html`<div>
        <p class="small muted" id="chosen">${translate("compose_chosen", { scopes: this.#countChosen() })}</p>
        <div class="chosen" role="group" aria-labelledby="chosen">
          ${chosen.slice(0, SHOWN).map((scope) => this.#chip(scope))}
          ${more > 0 ? html`<span class="small">${translate("compose_chosen_more", { count: more })}</span>` : nothing}
          <button class="button quiet small" type="button" @click=${this.#clear}>${translate("compose_clear")}</button>
        </div>
      </div>
      ${
        count > MAX_SCOPES
          ? html`<p class="error" role="alert">
            ${icon("alert")}<span>${translate("compose_too_many_scopes", { maximum: MAX_SCOPES })}</span>
          </p>`
          : nothing
      }`;
  }

  #countChosen(): string {
    const organisations = translate("organisations", { count: this.selection.organisations.size });
    const clinics = translate("clinics", { count: this.selection.clinics.size });
    if (this.selection.clinics.size === 0) return organisations;
    return this.selection.organisations.size === 0
      ? clinics
      : translate("compose_chosen_both", { organisations, clinics });
  }

  #list(): Chosen[] {
    const { directory, selection } = this;
    const organisations = [...selection.organisations].map((id) => ({ level: "organisation" as const, id }));
    const clinics = [...selection.clinics].map((id) => ({ level: "clinic" as const, id }));
    return [...organisations, ...clinics].map((scope) => ({ ...scope, name: directory.scopeName(scope) }));
  }

  #chip(scope: Chosen) {
    return html`<button class="chip" type="button" aria-label=${translate("compose_remove", { name: scope.name })} @click=${() => this.#remove(scope)}>
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

  readonly #onTree = (event: CustomEvent<Selection>) => {
    event.stopPropagation();
    this.#choose(event.detail);
  };

  #choose(selection: Selection): void {
    this.selection = selection;
    this.dispatchEvent(new CustomEvent("selection-change", { detail: selection, bubbles: true, composed: true }));
  }
}

function everyoneIn({ name }: Whole): string {
  return name === null ? translate("everyone") : translate("compose_everyone_in", { name });
}

customElements.define("hub-audience-picker", AudiencePicker);
