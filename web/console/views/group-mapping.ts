/** `<hub-group-mapping>`: asks where the members of a group belong, and as what. Fires `save` with a `Mapping`, and `cancel`. */
import { html, LitElement, nothing } from "lit";
import type { Mapping, ProvisionedGroup } from "../../api";
import type { Directory } from "../logic/directory";
import type { Filter } from "../logic/routes";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { provisioningStyles } from "../styles/provisioning";
import { icon } from "./icons";
import "./scope-filter";

const ROLES = ["member", "administrator"] as const;

export class GroupMapping extends LitElement {
  static override styles = [controls, provisioningStyles];
  static override properties = {
    directory: { attribute: false },
    group: { attribute: false },
    busy: { type: Boolean },
    error: {},
    _isPlatform: { state: true },
    _scope: { state: true },
    _role: { state: true },
    _isIncomplete: { state: true },
  };

  declare directory: Directory;
  declare group: ProvisionedGroup;
  declare busy: boolean;
  declare error: string;
  declare _isPlatform: boolean;
  declare _scope: Filter;
  declare _role: Mapping["role"];
  /** Saving was asked for without a scope. */
  declare _isIncomplete: boolean;

  constructor() {
    super();
    this.busy = false;
    this.error = "";
    this._isPlatform = false;
    this._scope = null;
    this._role = "member";
    this._isIncomplete = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { meaning } = this.group;
    if (!meaning) return;
    const { level, scope, role } = meaning;
    this._isPlatform = level === "platform";
    this._scope = level === "platform" ? null : { level, id: scope };
    this._role = role;
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("input:checked")?.focus();
  }

  override render() {
    return html`<form class="form" novalidate @submit=${this.#save}>
      <fieldset>
        <legend>${translate("provisioning_where")}</legend>
        ${this.#where(false, translate("provisioning_where_scope"))} ${this.#where(true, translate("provisioning_where_platform"))}
      </fieldset>
      ${this._isPlatform ? nothing : this.#scope()}
      <fieldset>
        <legend>${translate("provisioning_role")}</legend>
        ${ROLES.map((role) => this.#roleChoice(role))}
      </fieldset>
      <div role="alert">${this.error ? html`<p class="error">${icon("alert")}<span>${this.error}</span></p>` : nothing}</div>
      <div class="actions">
        <button class="button primary" type="submit" aria-disabled=${this.busy ? "true" : "false"}>
          ${translate(this.busy ? "provisioning_saving" : "provisioning_save")}
        </button>
        <button class="button" type="button" @click=${() => this.dispatchEvent(new CustomEvent("cancel"))}>
          ${translate("provisioning_cancel")}
        </button>
      </div>
    </form>`;
  }

  #where(isPlatform: boolean, text: string) {
    return html`<label class="option">
      <input
        type="radio"
        name="where"
        .checked=${this._isPlatform === isPlatform}
        @change=${() => {
          this._isPlatform = isPlatform;
        }}
      />
      ${text}
    </label>`;
  }

  #scope() {
    return html`<hub-scope-filter
        .directory=${this.directory}
        .value=${this._scope}
        .label=${translate("provisioning_scope")}
        .hint=${translate("provisioning_scope_hint")}
        required
        @scope-change=${(event: CustomEvent<Filter>) => {
          this._scope = event.detail;
          this._isIncomplete = false;
        }}
      ></hub-scope-filter>
      <div role="alert">
        ${
          this._isIncomplete
            ? html`<p class="error">${icon("alert")}<span>${translate("provisioning_scope_missing")}</span></p>`
            : nothing
        }
      </div>`;
  }

  #roleChoice(role: Mapping["role"]) {
    return html`<label class="option">
      <input
        type="radio"
        name="role"
        .checked=${this._role === role}
        @change=${() => {
          this._role = role;
        }}
      />
      <span>${translate(`provisioning_role_${role}`)} <span class="muted small">${translate(`provisioning_role_${role}_hint`)}</span></span>
    </label>`;
  }

  readonly #save = (event: Event) => {
    event.preventDefault();
    if (this.busy) return;
    this._isIncomplete = !this._isPlatform && this._scope === null;
    if (this._isIncomplete) return;
    const where = this._isPlatform
      ? { level: "platform" as const }
      : { level: this._scope?.level ?? "clinic", scope: this._scope?.id ?? "" };
    const detail: Mapping = { ...where, role: this._role };
    this.dispatchEvent(new CustomEvent("save", { detail }));
  };
}

customElements.define("hub-group-mapping", GroupMapping);
