/**
 * `<hub-scope-tree>`: organisations and their clinics with a checkbox each, to be searched. Fires `selection-change`.
 *
 * Ordinary checkboxes and buttons in nested lists, so every screen reader knows them. For the keyboard the whole tree is one stop;
 * arrow keys move in it.
 */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Audiences, Clinic, Organisation } from "../../api";
import {
  type Check,
  clinicCheck,
  countTicked,
  hasAllFound,
  organisationCheck,
  type Selection,
  toggleClinic,
  toggleFound,
  toggleOrganisation,
} from "../logic/selection";
import { type Branch, countFound, countResults, search } from "../logic/tree";
import { people } from "../logic/wording";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { treeStyles } from "../styles/tree";
import { icon } from "./icons";
import { TreeKeys } from "./tree-keys";

/** A tree of so few clinics shows all of them at once. */
const SMALL = 15;
const PAUSE_MS = 120;
/** So many clinics a search shows by itself; the organisations of further ones stay closed. */
const MOST_FOUND = 300;

export class ScopeTree extends LitElement {
  static override styles = [controls, treeStyles];
  static override properties = {
    audiences: { attribute: false },
    selection: { attribute: false },
    _query: { state: true },
    _toggled: { state: true },
  };

  declare audiences: Audiences;
  declare selection: Selection;
  declare _query: string;
  /** Branches that the user opened, or closed where they open by themselves. */
  declare _toggled: ReadonlySet<string>;
  #typing: ReturnType<typeof setTimeout> | undefined;
  readonly #keys = new TreeKeys(this, (id) => this.#toggle(id));

  constructor() {
    super();
    this._query = "";
    this._toggled = new Set();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#typing);
  }

  get #isSmall(): boolean {
    return this.audiences.organisations.reduce((sum, { clinics }) => sum + clinics.length, 0) <= SMALL;
  }

  /** The clinics of one organisation that is offered whole elsewhere: they alone are listed. */
  get #isFlat(): boolean {
    const { everyone, organisations } = this.audiences;
    return !everyone && organisations.length === 1 && organisations[0]?.selectable === true;
  }

  override focus(): void {
    (this.renderRoot.querySelector<HTMLElement>("#find") ?? this.#keys.boxes()[0])?.focus();
  }

  override willUpdate(): void {
    if (this.hasUpdated) return;
    // What is chosen already can be seen from the start.
    const mixed = this.audiences.organisations.filter((one) => organisationCheck(this.selection, one) === "mixed");
    if (!this.#isSmall) this._toggled = new Set(mixed.map(({ id }) => id));
  }

  override firstUpdated(): void {
    const chosen = this.#keys.boxes().find((box) => box.checked || box.indeterminate);
    const tree = this.renderRoot.querySelector(".tree");
    if (!chosen || !tree) return;
    this.#keys.makeTabStop(chosen);
    tree.scrollTop = chosen.getBoundingClientRect().top - tree.getBoundingClientRect().top - tree.clientHeight / 3;
  }

  override render() {
    const isSmall = this.#isSmall;
    const isFlat = this.#isFlat;
    const branches = search(this.audiences, this._query, isFlat);
    return html`${isSmall ? nothing : this.#find(branches)}
      <div
        class="tree"
        role="group"
        aria-label=${translate("scopes")}
        aria-describedby="keys"
        @change=${this.#onChange}
        @click=${this.#onClick}
        @keydown=${this.#keys.onKey}
        @focusin=${this.#keys.onFocus}
      >
        ${branches.length === 0 ? html`<p class="none muted">${this.#noMatches()}</p>` : nothing}
        ${isFlat ? branches.map((branch) => this.#flat(branch)) : this.#branches(branches)}
      </div>
      <p class="keys muted small" id="keys">${translate(isFlat ? "compose_keys_flat" : "compose_keys")}</p>`;
  }

  #noMatches(): string {
    return translate("no_matches", { query: this._query.trim() });
  }

  #find(branches: Branch[]) {
    return html`<label class="label small" for="find">${translate(this.#isFlat ? "compose_find_clinic" : "compose_find")}</label>
      <div class="find">
        ${icon("search")}
        <input id="find" type="search" autocomplete="off" aria-describedby="found" @input=${this.#onInput} />
      </div>
      <div class="found">
        <p class="muted small" id="found" role="status">${this.#found(branches)}</p>
        ${this._query.trim() === "" || branches.length === 0 ? nothing : this.#selectAll(branches)}
      </div>`;
  }

  #found(branches: Branch[]): string {
    if (branches.length === 0) return this.#noMatches();
    const found = countFound(branches);
    const clinics = translate("clinics", { count: found.clinics });
    if (this.#isFlat) return clinics;
    return translate("compose_found", {
      clinics,
      organisations: translate("organisations", { count: found.organisations }),
    });
  }

  #selectAll(branches: Branch[]) {
    const key = hasAllFound(this.selection, branches) ? "compose_deselect_results" : "compose_select_results";
    return html`<button class="button quiet small" type="button" @click=${() => this.#choose(toggleFound(this.selection, branches))}>
      ${translate(key, { count: countResults(branches) })}
    </button>`;
  }

  #flat({ organisation, clinics }: Branch) {
    return html`${this.#clinics(organisation, clinics.slice(0, MOST_FOUND))}
      ${
        clinics.length > MOST_FOUND
          ? html`<p class="none muted small">${translate("list_first", { count: MOST_FOUND })}</p>`
          : nothing
      }`;
  }

  #branches(branches: Branch[]) {
    const isWhole = this.#isSmall && this._query === "";
    let found = 0;
    return html`<ul>
      ${repeat(
        branches,
        ({ organisation }) => organisation.id,
        (branch) => {
          if (branch.hasFoundClinic) found += branch.clinics.length;
          return this.#branch(branch, isWhole || (branch.hasFoundClinic && found <= MOST_FOUND));
        },
      )}
    </ul>`;
  }

  #branch({ organisation, clinics }: Branch, opensItself: boolean) {
    const { id, name } = organisation;
    const isOpen = this.#isOpen(id, opensItself);
    const check = organisationCheck(this.selection, organisation);
    return html`<li>
      <div class="row">
        ${
          clinics.length > 0
            ? html`<button
              class="button quiet icon opener"
              type="button"
              tabindex="-1"
              value=${id}
              aria-expanded=${isOpen ? "true" : "false"}
              aria-label=${translate("clinics_of", { name })}
            >
              ${icon("chevron")}
            </button>`
            : html`<span class="no-opener"></span>`
        }
        ${this.#organisationBox(organisation, check)}
      </div>
      ${isOpen ? this.#clinics(organisation, clinics) : nothing}
    </li>`;
  }

  /** One that only groups a single clinic has nothing to tick. */
  #organisationBox(organisation: Organisation, check: Check) {
    const { id, name, selectable, clinics } = organisation;
    if (!selectable && clinics.length < 2) return html`<p class="group muted">${name}</p>`;
    return html`<label>
      <input
        type="checkbox"
        tabindex="-1"
        value="organisation ${id}"
        data-organisation=${id}
        .checked=${check === "on"}
        .indeterminate=${check === "mixed"}
      />
      <span class="name organisation">${name}</span>
      <span class="muted small">${this.#describe(organisation, check === "mixed")}</span>
    </label>`;
  }

  #clinics(organisation: Organisation, clinics: Clinic[]) {
    return html`<ul aria-label=${translate("clinics_of", { name: organisation.name })}>
      ${repeat(
        clinics,
        ({ id }) => id,
        ({ id, name, user_count }) => html`<li class="row clinic">
          <label>
            <input
              type="checkbox"
              tabindex="-1"
              value="clinic ${id}"
              data-organisation=${organisation.id}
              data-clinic=${id}
              .checked=${clinicCheck(this.selection, organisation, id) === "on"}
            />
            <span class="name">${name}</span>
            <span class="muted small">${people(user_count)}</span>
          </label>
        </li>`,
      )}
    </ul>`;
  }

  #describe(organisation: Organisation, isMixed: boolean): string {
    const count = organisation.clinics.length;
    if (isMixed) {
      const clinics = translate("clinics", { count });
      return translate("compose_some_of", { count: countTicked(this.selection, organisation), clinics });
    }
    return organisation.selectable ? people(organisation.user_count) : translate("compose_your_clinics", { count });
  }

  #isOpen(id: string, byItself: boolean): boolean {
    return byItself !== this._toggled.has(id);
  }

  #toggle(id: string): void {
    const toggled = new Set(this._toggled);
    if (!toggled.delete(id)) toggled.add(id);
    this._toggled = toggled;
  }

  readonly #onInput = (event: InputEvent) => {
    const { value } = event.target as HTMLInputElement;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => {
      this._query = value;
      this._toggled = new Set();
    }, PAUSE_MS);
  };

  readonly #onClick = (event: MouseEvent) => {
    const opener = (event.target as Element).closest<HTMLButtonElement>(".opener");
    if (opener) this.#toggle(opener.value);
  };

  readonly #onChange = (event: Event) => {
    const box = event.target as HTMLInputElement;
    const organisation = this.audiences.organisations.find(({ id }) => id === box.dataset.organisation);
    if (!organisation) return;
    const { clinic } = box.dataset;
    this.#choose(
      clinic ? toggleClinic(this.selection, organisation, clinic) : toggleOrganisation(this.selection, organisation),
    );
  };

  #choose(selection: Selection): void {
    // What is drawn follows the selection, also where the browser has ticked the box already.
    this.selection = selection;
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent("selection-change", { detail: selection, bubbles: true, composed: true }));
  }
}

customElements.define("hub-scope-tree", ScopeTree);
