/**
 * `<hub-scope-tree>`: organisations and their clinics with a checkbox each, to be searched. Fires `selection-change`.
 *
 * Ordinary checkboxes and buttons in nested lists, so every screen reader knows them. For the keyboard the whole tree is one stop:
 * arrow keys move in it, as nobody wants to press Tab a thousand times.
 */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Audiences, Clinic, Organisation } from "../../api";
import {
  type Check,
  clinicCheck,
  countTicked,
  organisationCheck,
  type Selection,
  toggleClinic,
  toggleOrganisation,
} from "../logic/selection";
import { type Branch, countFound, search } from "../logic/tree";
import { counted, people } from "../logic/wording";
import { controls } from "../styles/controls";
import { treeStyles } from "../styles/tree";
import { icon } from "./icons";

/** A tree of so few clinics shows all of them at once. */
const SMALL = 15;
const PAUSE_MS = 120;

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
  /** Branches that somebody opened, or closed where they open by themselves. */
  declare _toggled: ReadonlySet<string>;
  #typing: ReturnType<typeof setTimeout> | undefined;
  /** Where Tab enters the tree. */
  #current = "";

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

  override focus(): void {
    (this.renderRoot.querySelector<HTMLElement>("#find") ?? this.#boxes()[0])?.focus();
  }

  override willUpdate(): void {
    if (this.hasUpdated) return;
    // What is chosen already can be seen from the start.
    const mixed = this.audiences.organisations.filter((one) => organisationCheck(this.selection, one) === "mixed");
    if (!this.#isSmall) this._toggled = new Set(mixed.map(({ id }) => id));
  }

  override firstUpdated(): void {
    const chosen = this.#boxes().find((box) => box.checked || box.indeterminate);
    const tree = this.renderRoot.querySelector(".tree");
    if (!chosen || !tree) return;
    this.#current = chosen.value;
    tree.scrollTop = chosen.getBoundingClientRect().top - tree.getBoundingClientRect().top - tree.clientHeight / 3;
  }

  override updated(): void {
    this.#makeTabStop(this.#boxes().find((box) => box.value === this.#current) ?? this.#boxes()[0]);
  }

  override render() {
    const branches = search(this.audiences, this._query);
    const isSmall = this.#isSmall;
    return html`${isSmall ? nothing : this.#find(branches)}
      <div
        class="tree"
        role="group"
        aria-label="Organisations and clinics"
        aria-describedby="keys"
        @change=${this.#onChange}
        @click=${this.#onClick}
        @keydown=${this.#onKey}
        @focusin=${this.#onFocus}
      >
        ${branches.length === 0 ? html`<p class="none muted">Nothing is called “${this._query.trim()}”.</p>` : nothing}
        <ul>
          ${repeat(
            branches,
            ({ organisation }) => organisation.id,
            (branch) => this.#branch(branch, isSmall),
          )}
        </ul>
      </div>
      <p class="keys muted small" id="keys">Arrow keys move, Space ticks, → opens an organisation, ← closes it.</p>`;
  }

  #find(branches: Branch[]) {
    const { organisations, clinics } = countFound(branches);
    const found = `${counted(clinics, "clinic")} in ${counted(organisations, "organisation")}`;
    return html`<label class="label small" for="find">Find an organisation or clinic</label>
      <div class="find">
        ${icon("search")}
        <input id="find" type="search" autocomplete="off" aria-describedby="found" @input=${this.#onInput} />
      </div>
      <p class="found muted small" id="found" role="status">${found}</p>`;
  }

  #branch({ organisation, clinics, hasFoundClinic }: Branch, isSmall: boolean) {
    const { id, name } = organisation;
    const isOpen = this.#isOpen(id, hasFoundClinic || (isSmall && this._query === ""));
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
              aria-label="Clinics of ${name}"
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
    return html`<ul aria-label="Clinics of ${organisation.name}">
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
    const all = organisation.clinics.length;
    if (isMixed) return `${countTicked(this.selection, organisation)} of ${counted(all, "clinic")}`;
    return organisation.selectable ? people(organisation.user_count) : `${counted(all, "clinic")} of yours`;
  }

  #isOpen(id: string, byItself: boolean): boolean {
    return byItself !== this._toggled.has(id);
  }

  #toggle(id: string): void {
    const toggled = new Set(this._toggled);
    if (!toggled.delete(id)) toggled.add(id);
    this._toggled = toggled;
  }

  #boxes(): HTMLInputElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLInputElement>(".tree input")];
  }

  #makeTabStop(box: HTMLInputElement | undefined): void {
    if (!box || box.tabIndex === 0) return;
    for (const other of this.renderRoot.querySelectorAll<HTMLInputElement>('.tree input[tabindex="0"]'))
      other.tabIndex = -1;
    box.tabIndex = 0;
    this.#current = box.value;
  }

  readonly #onInput = (event: InputEvent) => {
    const { value } = event.target as HTMLInputElement;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => {
      this._query = value;
      this._toggled = new Set();
    }, PAUSE_MS);
  };

  readonly #onFocus = (event: FocusEvent) => {
    if (event.target instanceof HTMLInputElement) this.#makeTabStop(event.target);
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
    const selection = clinic
      ? toggleClinic(this.selection, organisation, clinic)
      : toggleOrganisation(this.selection, organisation);
    // What is drawn follows the selection, also where the browser has ticked the box already.
    this.selection = selection;
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent("selection-change", { detail: selection, bubbles: true, composed: true }));
  };

  readonly #onKey = (event: KeyboardEvent) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || event.altKey || event.ctrlKey || event.metaKey) return;
    const boxes = this.#boxes();
    const position = boxes.indexOf(box);
    const moves: Record<string, number> = {
      ArrowDown: position + 1,
      ArrowUp: position - 1,
      Home: 0,
      End: boxes.length - 1,
    };
    const move = moves[event.key];
    if (move !== undefined) focusOn(boxes[move]);
    else if (event.key === "ArrowRight") this.#openOrEnter(box, boxes[position + 1]);
    else if (event.key === "ArrowLeft") this.#closeOrLeave(box, boxes);
    else if (event.key === "Enter") box.click();
    else return;
    event.preventDefault();
  };

  #openOrEnter(box: HTMLInputElement, next: HTMLInputElement | undefined): void {
    const opener = openerOf(box);
    if (opener?.ariaExpanded === "false") this.#toggle(opener.value);
    else if (opener) focusOn(next);
  }

  #closeOrLeave(box: HTMLInputElement, boxes: HTMLInputElement[]): void {
    const opener = openerOf(box);
    if (opener?.ariaExpanded === "true") this.#toggle(opener.value);
    else if (box.dataset.clinic)
      focusOn(boxes.find(({ value }) => value === `organisation ${box.dataset.organisation}`));
  }
}

function openerOf(box: HTMLInputElement): HTMLButtonElement | null {
  return box.closest(".row")?.querySelector<HTMLButtonElement>(".opener") ?? null;
}

function focusOn(box: HTMLInputElement | undefined): void {
  box?.focus();
  box?.scrollIntoView({ block: "nearest" });
}

customElements.define("hub-scope-tree", ScopeTree);
