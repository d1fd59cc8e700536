/** `<hub-sign-in>`: takes an access token, or offers the demo people. Fires `sign-in` with the token. */
import { css, html, LitElement, nothing } from "lit";
import type { Person } from "../../demo/people";
import type { SignIn } from "../config";
import { HubSession } from "../hub-session";
import { cleanToken, openStorage, platformOf, readIdentity } from "../logic/session";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { avatar, avatarStyles } from "./avatar";
import { icon } from "./icons";
import { logo } from "./logo";

/** Of the person who signed in last in this browser. */
const PLATFORM = "message-hub:platform";

export class SignInPage extends LitElement {
  static override styles = [
    controls,
    avatarStyles,
    css`
      :host {
        display: grid;
        align-content: start;
        justify-items: center;
        padding: clamp(1rem, 8vh, 5rem) 1rem 2rem;
      }

      main {
        display: grid;
        gap: 1.5rem;
        inline-size: min(28rem, 100%);
        padding: clamp(1.25rem, 5vw, 2rem);
      }

      header {
        display: flex;
        gap: 0.75rem;
        align-items: center;
      }

      header svg {
        inline-size: 2rem;
        block-size: 2rem;
      }

      form,
      section {
        display: grid;
        gap: 0.5rem;
      }

      textarea {
        font-family: ui-monospace, monospace;
        font-size: 0.8125rem;
        overflow-wrap: anywhere;
        resize: vertical;
      }

      form .button {
        justify-self: start;
        margin-block-start: 0.5rem;
      }

      .people {
        display: grid;
        gap: 0.5rem;
      }

      .person {
        display: flex;
        gap: 0.75rem;
        inline-size: 100%;
        padding: 0.5rem 0.75rem;
        text-align: start;
      }

      .person > :nth-child(2) {
        flex: 1;
      }

      .person .role {
        display: block;
        font-weight: 400;
      }

      .role::first-letter {
        text-transform: uppercase;
      }
    `,
  ];
  static override properties = {
    people: { attribute: false },
    signIn: { attribute: false },
    reason: {},
    _error: { state: true },
    _platformError: { state: true },
  };

  /** The demo people; none without a demo. */
  declare people: readonly Person[];
  /** Where people sign in at their organisation; null: with an access token only. */
  declare signIn: SignIn | null;
  /** Why the user was signed out, if it was not their choice. */
  declare reason: string;
  declare _error: string;
  declare _platformError: string;

  constructor() {
    super();
    this.people = [];
    this.signIn = null;
    this._platformError = "";
    this.reason = "";
    this._error = "";
  }

  override render() {
    return html`<main class="card">
      <header>
        ${logo()}
        <h1 tabindex="-1">${translate("frame_product")}</h1>
      </header>
      ${
        this.reason
          ? html`<div class="note" role="status">${icon("info")}
            <div>${this.reason}</div>
          </div>`
          : nothing
      }
      ${this.signIn ? this.#organisation(this.signIn) : nothing} ${this.people.length > 0 ? this.#people() : nothing}
      ${!this.signIn || this.signIn.tokens ? this.#form() : nothing}
    </main>`;
  }

  #organisation({ platform, url }: SignIn) {
    if (platform)
      return html`<a class="button primary" href=${HubSession.signInUrl(platform, url)}>${translate("sign_in_organisation")}</a>`;
    const known = openStorage("localStorage")?.getItem(PLATFORM) ?? "";
    return html`<form novalidate @submit=${this.#onPlatform}>
      <label class="label" for="platform">${translate("sign_in_platform")}</label>
      <p class="muted small" id="platform-hint">${translate("sign_in_platform_hint")}</p>
      ${
        this._platformError
          ? html`<p class="error" id="platform-error" role="alert">${icon("alert")}<span>${this._platformError}</span></p>`
          : nothing
      }
      <input
        id="platform"
        type="text"
        autocomplete="email"
        autocapitalize="off"
        spellcheck="false"
        maxlength="254"
        .value=${known}
        aria-invalid=${this._platformError ? "true" : "false"}
        aria-describedby=${this._platformError ? "platform-hint platform-error" : "platform-hint"}
      />
      <button class="button primary" type="submit">${translate("sign_in_continue")}</button>
    </form>`;
  }

  #people() {
    return html`<section aria-labelledby="people">
      <h2 id="people">${translate("sign_in_try")}</h2>
      <ul class="people">
        ${this.people.map(
          ({ name, role, token }) => html`<li>
            <button class="button person" type="button" @click=${() => this.#signIn(token)}>
              ${avatar(name)}<span>${name}<span class="role muted small">${role}</span></span>
              ${icon("chevron")}
            </button>
          </li>`,
        )}
      </ul>
    </section>`;
  }

  #form() {
    return html`<form novalidate @submit=${this.#onSubmit}>
      <label class="label" for="token">
        ${translate(this.#isSecond ? "sign_in_token_instead" : "sign_in_token")}
      </label>
      <p class="muted small" id="hint">${translate("sign_in_hint")}</p>
      ${this._error ? html`<p class="error" id="error" role="alert">${icon("alert")}<span>${this._error}</span></p>` : nothing}
      <textarea
        id="token"
        rows="3"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        aria-required="true"
        aria-invalid=${this._error ? "true" : "false"}
        aria-describedby=${this._error ? "hint error" : "hint"}
        @keydown=${this.#onKey}
      ></textarea>
      <button class="button ${this.#isSecond ? "" : "primary"}" type="submit">
        ${translate("sign_in_submit")}
      </button>
    </form>`;
  }

  /** Whether there are other ways to sign in than with a token. */
  get #isSecond(): boolean {
    return this.people.length > 0 || this.signIn !== null;
  }

  readonly #onPlatform = (event: Event) => {
    event.preventDefault();
    const field = this.renderRoot.querySelector<HTMLInputElement>("#platform");
    const platform = platformOf(field?.value ?? "");
    if (platform) {
      openStorage("localStorage")?.setItem(PLATFORM, platform);
      location.assign(HubSession.signInUrl(platform, this.signIn?.url));
      return;
    }
    this._platformError = translate("sign_in_no_platform");
    field?.focus();
  };

  readonly #onSubmit = (event: Event) => {
    event.preventDefault();
    const field = this.renderRoot.querySelector("textarea");
    const token = cleanToken(field?.value ?? "");
    if (readIdentity(token)) {
      this.#signIn(token);
      return;
    }
    this._error = translate(token ? "sign_in_bad_token" : "sign_in_no_token");
    field?.focus();
  };

  readonly #onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey) this.#onSubmit(event);
  };

  #signIn(token: string): void {
    this._error = "";
    this.dispatchEvent(new CustomEvent("sign-in", { detail: token }));
  }
}

customElements.define("hub-sign-in", SignInPage);
