/** `<hub-organisations-page>`: the organisations and clinics of an administrator, each with a menu. */
import { css, html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Clinic, Organisation } from "../../api";
import type { Directory } from "../logic/directory";
import { ALL_MESSAGES, composePath, type Filter, messagesPath } from "../logic/routes";
import { type Branch, countFound, search } from "../logic/tree";
import { people } from "../logic/wording";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import "./action-menu";
import type { Action } from "./action-menu";
import { icon } from "./icons";
import { empty, stateStyles } from "./states";

export class OrganisationsPage extends LitElement {
  static override styles = [
    controls,
    stateStyles,
    css`
      .find {
        position: relative;
        max-inline-size: 28rem;
        margin-block-end: 1.25rem;
      }

      .find .field {
        position: relative;
        margin-block-start: 0.25rem;
      }

      .find svg {
        position: absolute;
        inset-block-start: calc((var(--_hub-target) - 1.25rem) / 2);
        inset-inline-start: 0.75rem;
        color: var(--_hub-muted);
      }

      .find input {
        padding-inline-start: 2.5rem;
      }

      .line {
        display: flex;
        align-items: center;
        gap: 0.25rem;
        padding: 0.5rem 0.75rem;
      }

      .rows > li {
        border-block-end: 1px solid var(--_hub-line);
      }

      .rows > li:last-child {
        border-block-end: 0;
      }

      .opener svg {
        transition: rotate 120ms;
      }

      .opener[aria-expanded="true"] svg {
        rotate: 90deg;
      }

      .opener-space {
        inline-size: 2.5rem;
      }

      .name {
        flex: 1;
        min-inline-size: 0;
        overflow-wrap: anywhere;
      }

      .name h2 {
        font-size: 1rem;
      }

      .clinics {
        padding-block-end: 0.5rem;
      }

      .clinics .line {
        padding-block: 0.125rem;
        padding-inline-start: 3.5rem;
        content-visibility: auto;
        contain-intrinsic-block-size: auto 2.75rem;
      }

      /* An open menu must not be cut off by the line it belongs to. */
      .clinics .line:focus-within {
        content-visibility: visible;
      }

      .clinics .name {
        display: flex;
        flex-wrap: wrap;
        gap: 0 1rem;
        align-items: baseline;
      }

      @container (max-width: 30rem) {
        .clinics .line {
          padding-inline-start: 1.5rem;
        }
      }
    `,
  ];
  static override properties = {
    directory: { attribute: false },
    _query: { state: true },
    _toggled: { state: true },
  };

  declare directory: Directory;
  declare _query: string;
  /** Those that the user opened, or closed where they open by themselves. */
  declare _toggled: ReadonlySet<string>;

  constructor() {
    super();
    this._query = "";
    this._toggled = new Set();
  }

  override render() {
    const branches = search(this.directory.audiences, this._query);
    return html`<div class="find">
        <label class="label small" for="find">${translate("organisations_find")}</label>
        <div class="field">
          ${icon("search")}
          <input id="find" type="search" autocomplete="off" .value=${this._query} @input=${this.#onInput} />
        </div>
        <p class="unseen-text" role="status">
          ${this._query ? found(countFound(branches)) : nothing}
        </p>
      </div>
      <section class="card" aria-label=${translate("frame_organisations")}>
        ${
          branches.length > 0
            ? html`<ul class="rows">
              ${repeat(
                branches,
                ({ organisation }) => organisation.id,
                (branch) => this.#organisation(branch),
              )}
            </ul>`
            : this.#empty()
        }
      </section>`;
  }

  #empty() {
    if (!this._query)
      return empty("organisations", translate("organisations_empty"), translate("organisations_empty_hint"));
    const query = this._query.trim();
    return empty("search", translate("no_matches", { query }), translate("organisations_no_match_hint"));
  }

  #organisation({ organisation, clinics, hasFoundClinic }: Branch) {
    const { id, name, selectable } = organisation;
    const isOpen = hasFoundClinic !== this._toggled.has(id);
    return html`<li>
      <div class="line">
        ${
          organisation.clinics.length > 0
            ? html`<button
              class="button quiet icon opener"
              type="button"
              aria-expanded=${isOpen ? "true" : "false"}
              aria-label=${translate("clinics_of", { name })}
              @click=${() => this.#toggle(id)}
            >
              ${icon("chevron")}
            </button>`
            : html`<span class="opener-space"></span>`
        }
        <div class="name">
          <h2>${name}</h2>
          <p class="muted small">${describe(organisation)}</p>
        </div>
        ${selectable ? menu(name, { level: "organisation", id }) : nothing}
      </div>
      ${
        isOpen
          ? html`<ul class="clinics" aria-label=${translate("clinics_of", { name })}>
            ${repeat(
              clinics,
              (clinic) => clinic.id,
              (clinic) => this.#clinic(clinic),
            )}
          </ul>`
          : nothing
      }
    </li>`;
  }

  #clinic({ id, name, user_count }: Clinic) {
    return html`<li class="line">
      <p class="name">${name} <span class="muted small">${people(user_count)}</span></p>
      ${menu(name, { level: "clinic", id })}
    </li>`;
  }

  #toggle(id: string): void {
    const toggled = new Set(this._toggled);
    if (!toggled.delete(id)) toggled.add(id);
    this._toggled = toggled;
  }

  readonly #onInput = (event: InputEvent) => {
    this._query = (event.target as HTMLInputElement).value;
    this._toggled = new Set();
  };
}

function describe({ clinics, user_count, selectable }: Organisation): string {
  const count = clinics.length;
  if (!selectable) return translate("organisations_own_clinics", { count });
  return translate("organisations_size", {
    clinics: translate("clinics", { count }),
    people: people(user_count),
  });
}

function found({ organisations, clinics }: ReturnType<typeof countFound>): string {
  return translate("organisations_found", {
    organisations: translate("organisations", { count: organisations }),
    clinics: translate("clinics", { count: clinics }),
  });
}

function menu(name: string, scope: NonNullable<Filter>) {
  const actions: Action[] = [
    { label: translate("frame_create"), picture: "compose", href: composePath(scope) },
    { label: translate("organisations_sent"), picture: "mail", href: messagesPath({ ...ALL_MESSAGES, filter: scope }) },
  ];
  return html`<hub-action-menu label=${translate("organisations_actions", { name })} .actions=${actions}></hub-action-menu>`;
}

customElements.define("hub-organisations-page", OrganisationsPage);
