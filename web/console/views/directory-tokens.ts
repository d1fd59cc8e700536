/** `<hub-directory-tokens>`: the tokens of the identity provider; one is created, shown once, and revoked. Fires `tokens-change`. */
import { css, html, LitElement, nothing } from "lit";
import type { CreatedToken, DirectoryToken } from "../../api";
import { date } from "../logic/dates";
import { sentence } from "../logic/problems";
import { tokenStatus } from "../logic/provisioning";
import type { ProvisioningCalls } from "../provisioning-calls";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { provisioningStyles } from "../styles/provisioning";
import "./confirmation";
import "./copy-field";
import { icon } from "./icons";

const LASTS = [
  { days: 365, label: "provisioning_token_one_year" },
  { days: 730, label: "provisioning_token_two_years" },
  { days: null, label: "provisioning_token_forever" },
] as const;

export class DirectoryTokens extends LitElement {
  static override styles = [
    controls,
    provisioningStyles,
    css`
      .row.off .what {
        color: var(--_hub-muted);
      }
    `,
  ];
  static override properties = {
    calls: { attribute: false },
    tokens: { attribute: false },
    _isAsking: { state: true },
    _days: { state: true },
    _created: { state: true },
    _revoking: { state: true },
    _isBusy: { state: true },
    _error: { state: true },
  };

  declare calls: ProvisioningCalls;
  declare tokens: readonly DirectoryToken[];
  /** Whether it is asked how long a new token lasts. */
  declare _isAsking: boolean;
  declare _days: number | null;
  declare _created: CreatedToken | null;
  declare _revoking: string | null;
  declare _isBusy: boolean;
  declare _error: string;

  constructor() {
    super();
    this.tokens = [];
    this._isAsking = false;
    this._days = LASTS[0].days;
    this._created = null;
    this._revoking = null;
    this._isBusy = false;
    this._error = "";
  }

  override render() {
    return html`<section class="card" aria-labelledby="heading">
      <div class="head">
        <h2 id="heading" tabindex="-1">${translate("provisioning_tokens")}</h2>
        ${
          this._isAsking || this._created
            ? nothing
            : html`<button class="button" id="create" type="button" @click=${this.#ask}>${translate("provisioning_token_create")}</button>`
        }
        <p class="muted small">${translate("provisioning_tokens_text")}</p>
      </div>
      ${this._isAsking ? this.#form() : nothing} ${this._created ? this.#secret(this._created) : nothing}
      ${
        this.tokens.length > 0
          ? html`<ul>${this.tokens.map((token) => this.#row(token))}</ul>`
          : html`<p class="none">${translate("provisioning_tokens_none")}</p>`
      }
      ${this.#confirmation()}
    </section>`;
  }

  #form() {
    return html`<form class="form" @submit=${this.#create}>
      <fieldset>
        <legend>${translate("provisioning_token_lasts")}</legend>
        <div class="ends">
          ${LASTS.map(
            ({ days, label }) => html`<label class="option">
              <input
                type="radio"
                name="lasts"
                .checked=${this._days === days}
                @change=${() => {
                  this._days = days;
                }}
              />
              ${translate(label)}
            </label>`,
          )}
        </div>
      </fieldset>
      <div role="alert">${this._error ? html`<p class="error">${icon("alert")}<span>${this._error}</span></p>` : nothing}</div>
      <div class="actions">
        <button class="button primary" type="submit" aria-disabled=${this._isBusy ? "true" : "false"}>
          ${translate(this._isBusy ? "provisioning_token_creating" : "provisioning_token_create")}
        </button>
        <button class="button" type="button" @click=${() => void this.#close()}>${translate("provisioning_cancel")}</button>
      </div>
    </form>`;
  }

  #secret({ id, token }: CreatedToken) {
    return html`<div class="form">
      <p role="status">${translate("provisioning_token_new", { id })}</p>
      <hub-copy-field .label=${translate("provisioning_token_secret")} .value=${token}></hub-copy-field>
      <button class="button" type="button" @click=${() => void this.#close()}>${translate("provisioning_token_done")}</button>
    </div>`;
  }

  #row(token: DirectoryToken) {
    const { id, created_at, expires_at, last_used_at } = token;
    const status = tokenStatus(token);
    const facts = [
      translate("provisioning_token_created", { date: date(created_at) }),
      expires_at
        ? translate("provisioning_token_expires", { date: date(expires_at) })
        : translate("provisioning_token_no_end"),
      last_used_at
        ? translate("provisioning_token_used", { date: date(last_used_at) })
        : translate("provisioning_token_unused"),
    ];
    return html`<li class="row ${status === "valid" ? "" : "off"}">
      <div class="what">
        <h3>${translate("provisioning_token", { id })}</h3>
        <p class="small muted">${facts.join(" · ")}</p>
      </div>
      <p class="small">${translate(`provisioning_token_${status}`)}</p>
      ${
        status === "valid"
          ? html`<button
            class="button danger"
            type="button"
            aria-label=${translate("provisioning_token_revoke_label", { id })}
            @click=${() => {
              this._error = "";
              this._revoking = id;
            }}
          >
            ${translate("provisioning_token_revoke")}
          </button>`
          : nothing
      }
    </li>`;
  }

  #confirmation() {
    const id = this._revoking ?? "";
    return html`<hub-confirmation
      danger
      .open=${this._revoking !== null}
      .heading=${translate("provisioning_token_revoke_title", { id })}
      .yes=${translate("provisioning_token_revoke")}
      .no=${translate("provisioning_cancel")}
      .busy=${this._isBusy}
      .progress=${translate("provisioning_saving")}
      .error=${this._revoking === null ? "" : this._error}
      @confirm=${() => void this.#revoke(id)}
      @cancel=${() => {
        this._revoking = null;
      }}
    >
      <p>${translate("provisioning_token_revoke_text")}</p>
    </hub-confirmation>`;
  }

  readonly #ask = async () => {
    this._error = "";
    this._isAsking = true;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("input:checked")?.focus();
  };

  async #close(): Promise<void> {
    this._isAsking = false;
    this._created = null;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("#create")?.focus();
  }

  readonly #create = async (event: Event) => {
    event.preventDefault();
    const created = await this.#change("provisioning_token_create_failed", () => this.calls.createToken(this._days));
    if (!created) return;
    this._isAsking = false;
    this._created = created;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("hub-copy-field")?.focus();
  };

  async #revoke(id: string): Promise<void> {
    if (!(await this.#change("provisioning_token_revoke_failed", () => this.calls.revokeToken(id)))) return;
    this._revoking = null;
    if (this._created?.id === id) this._created = null;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("#heading")?.focus({ preventScroll: true });
  }

  /** Null if it failed, or one is under way. */
  async #change<T>(
    failure: "provisioning_token_create_failed" | "provisioning_token_revoke_failed",
    call: () => Promise<T>,
  ): Promise<T | null> {
    if (this._isBusy) return null;
    this._isBusy = true;
    this._error = "";
    try {
      const done = await call();
      this.dispatchEvent(new CustomEvent("tokens-change"));
      return done;
    } catch (error) {
      this._error = translate(failure, { reason: sentence(error) });
      return null;
    } finally {
      this._isBusy = false;
    }
  }
}

customElements.define("hub-directory-tokens", DirectoryTokens);
