/** `<hub-provisioning-page>`: how an identity provider writes the directory: its connection, groups, tokens and refused requests. */
import { css, html, LitElement, nothing } from "lit";
import type { DirectoryToken, Provisioning, ScimRefusal } from "../../api";
import { date } from "../logic/dates";
import type { Directory } from "../logic/directory";
import { sentence } from "../logic/problems";
import { connection } from "../logic/provisioning";
import type { ProvisioningCalls } from "../provisioning-calls";
import { LOCALE, translate } from "../strings";
import { controls } from "../styles/controls";
import { provisioningStyles } from "../styles/provisioning";
import "./confirmation";
import "./copy-field";
import "./directory-tokens";
import { icon } from "./icons";
import { Poller } from "./poller";
import "./provisioned-groups";
import { failed, loading, stateStyles } from "./states";
import "./time";

const REFRESH_MS = 15_000;

interface Loaded {
  readonly state: Provisioning;
  readonly tokens: readonly DirectoryToken[];
  readonly refusals: readonly ScimRefusal[];
}

export class ProvisioningPage extends LitElement {
  static override styles = [
    controls,
    stateStyles,
    provisioningStyles,
    css`
      .sections {
        display: grid;
        gap: 1.25rem;
      }

      .intro {
        margin-block: -1rem 1.25rem;
      }

      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: 0.75rem 2.5rem;
      }

      .facts dd {
        font-size: 1.125rem;
        font-weight: 600;
      }

      .connected {
        color: var(--_hub-success);
      }

      .stopped {
        color: var(--_hub-danger);
      }

      .connection {
        display: flex;
        gap: 0.5rem;
        align-items: center;
        font-weight: 600;
      }

      .note .button,
      .note hub-copy-field,
      .note p + p {
        margin-block-start: 0.75rem;
      }

      .refusals {
        max-block-size: 26rem;
        overflow: auto;
      }
    `,
  ];
  static override properties = {
    calls: { attribute: false },
    directory: { attribute: false },
    _loaded: { state: true },
    _error: { state: true },
    _version: { state: true },
    _isAsking: { state: true },
    _isBusy: { state: true },
    _resumeError: { state: true },
  };

  declare calls: ProvisioningCalls;
  declare directory: Directory;
  declare _loaded: Loaded | null;
  declare _error: unknown;
  /** Changes with the groups. */
  declare _version: number;
  /** Whether it is asked if deactivations shall be allowed. */
  declare _isAsking: boolean;
  declare _isBusy: boolean;
  declare _resumeError: string;
  readonly #poller = new Poller(this, (signal) => this.#load(signal));

  constructor() {
    super();
    this._loaded = null;
    this._error = null;
    this._version = 0;
    this._isAsking = false;
    this._isBusy = false;
    this._resumeError = "";
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("calls")) this.#poller.start();
  }

  async #load(signal: AbortSignal): Promise<number | null> {
    const { calls } = this;
    try {
      const [state, tokens, refusals] = await Promise.all([
        calls.getState(signal),
        calls.getTokens(signal),
        calls.getRefusals(signal),
      ]);
      this._loaded = { state, tokens, refusals };
      this._error = null;
      return REFRESH_MS;
    } catch (error) {
      if (signal.aborted) throw error;
      this._error = error;
      if (this._loaded === null) return null;
      // What is shown stays; the next attempt comes by itself.
      throw error;
    }
  }

  override render() {
    if (this._loaded === null && this._error)
      return html`<div class="card">
        ${failed(translate("provisioning_failed"), this._error, () => {
          this._error = null;
          this.#poller.start();
        })}
      </div>`;
    if (this._loaded === null) return html`<div class="card">${loading(translate("provisioning_loading"))}</div>`;
    const { state, tokens, refusals } = this._loaded;
    const version = `${this._version} ${state.group_count} ${state.waiting_group_count}`;
    const groups = (status: "waiting" | "mapped") =>
      html`<hub-provisioned-groups
        .calls=${this.calls}
        .directory=${this.directory}
        .status=${status}
        .version=${version}
        @groups-change=${this.#onGroups}
      ></hub-provisioned-groups>`;
    return html`<p class="intro muted">${translate("provisioning_intro")}</p>
      <div class="sections">
        ${this.#connection(state)} ${groups("waiting")} ${state.group_count > state.waiting_group_count ? groups("mapped") : nothing}
        <hub-directory-tokens .calls=${this.calls} .tokens=${tokens} @tokens-change=${() => this.#poller.start()}></hub-directory-tokens>
        ${this.#refusals(refusals)}
      </div>
      ${this.#confirmation()}`;
  }

  #connection(state: Provisioning) {
    const found = connection(state);
    const picture = found === "connected" ? "check" : found === "waiting" ? "clock" : "alert";
    const fact = (name: string, value: unknown) =>
      html`<div><dt class="muted small">${name}</dt><dd>${value}</dd></div>`;
    const { last_request_at: lastRequest } = state;
    return html`<section class="card" aria-labelledby="connection">
      <div class="head">
        <h2 id="connection">${translate("provisioning_state")}</h2>
        <span class="connection ${found}">${icon(picture)}${translate(`provisioning_is_${found}`)}</span>
      </div>
      <div class="body">
        ${this.#advice(state)}
        <dl class="facts">
          ${fact(
            translate("provisioning_last_request"),
            lastRequest ? html`<hub-time .at=${lastRequest}></hub-time>` : translate("provisioning_no_request"),
          )}
          ${fact(translate("provisioning_users"), state.provisioned_user_count.toLocaleString(LOCALE))}
          ${fact(translate("provisioning_groups_count"), state.group_count.toLocaleString(LOCALE))}
        </dl>
        <hub-copy-field .label=${translate("provisioning_address")} .value=${state.scim_url}></hub-copy-field>
      </div>
    </section>`;
  }

  /** What to do now. */
  #advice(state: Provisioning) {
    const { brake, released_until: released } = state;
    switch (connection(state)) {
      case "imported": {
        const command = `message-hub platform ${state.platform} --managed-by scim`;
        return html`<div class="note">
          ${icon("info")}
          <div>
            <p>${translate("provisioning_imported_hint")}</p>
            <hub-copy-field .label=${translate("provisioning_command")} .value=${command}></hub-copy-field>
          </div>
        </div>`;
      }
      case "stopped":
        return html`<div class="note bad" role="alert">
          ${icon("alert")}
          <div>
            <p>
              ${translate("provisioning_brake", {
                date: date(brake?.at ?? ""),
                request: brake?.request ?? "",
                id: brake?.request_id ?? "",
              })}
            </p>
            <p>${translate("provisioning_brake_hint")}</p>
            <button class="button" type="button" @click=${this.#ask}>${translate("provisioning_resume")}</button>
          </div>
        </div>`;
      case "not_connected":
        return html`<p>${translate("provisioning_not_connected_hint")}</p>`;
      case "waiting":
        return html`<p>${translate("provisioning_waiting_hint")}</p>`;
      case "connected":
        return released ? html`<p>${translate("provisioning_released", { date: date(released) })}</p>` : nothing;
    }
  }

  #refusals(refusals: readonly ScimRefusal[]) {
    return html`<section class="card" aria-labelledby="refusals">
      <div class="head">
        <h2 id="refusals">${translate("provisioning_refusals")}</h2>
        <p class="muted small">${translate("provisioning_refusals_text")}</p>
      </div>
      ${
        refusals.length === 0
          ? html`<p class="none">${translate("provisioning_refusals_none")}</p>`
          : html`<ul class="refusals" tabindex="0" aria-labelledby="refusals">${refusals.map((refusal) => this.#refusal(refusal))}</ul>`
      }
    </section>`;
  }

  #refusal({ happened_at, request, detail, token_id, request_id, status }: ScimRefusal) {
    return html`<li class="row">
      <div class="what">
        <h3><bdi dir="ltr">${request}</bdi></h3>
        <p>${detail}</p>
        <p class="muted small">${translate("provisioning_refusal_details", { token: token_id, id: request_id, status })}</p>
      </div>
      <hub-time class="small muted" .at=${happened_at}></hub-time>
    </li>`;
  }

  #confirmation() {
    return html`<hub-confirmation
      danger
      .open=${this._isAsking}
      .heading=${translate("provisioning_resume_title")}
      .yes=${translate("provisioning_resume")}
      .no=${translate("provisioning_cancel")}
      .busy=${this._isBusy}
      .progress=${translate("provisioning_saving")}
      .error=${this._resumeError}
      @confirm=${this.#resume}
      @cancel=${() => {
        this._isAsking = false;
      }}
    >
      <p>${translate("provisioning_resume_text")}</p>
    </hub-confirmation>`;
  }

  readonly #onGroups = () => {
    this._version += 1;
    this.#poller.start();
  };

  readonly #ask = () => {
    this._resumeError = "";
    this._isAsking = true;
  };

  readonly #resume = async () => {
    if (this._isBusy || this._loaded === null) return;
    this._isBusy = true;
    try {
      this._loaded = { ...this._loaded, state: await this.calls.resume() };
      this._isAsking = false;
    } catch (error) {
      this._resumeError = translate("provisioning_resume_failed", { reason: sentence(error) });
    }
    this._isBusy = false;
  };
}

customElements.define("hub-provisioning-page", ProvisioningPage);
