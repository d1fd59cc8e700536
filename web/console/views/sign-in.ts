/** `<hub-sign-in>`: asks for an access token, or offers the demo people. Fires `sign-in` with a `SignIn`. */
import { css, html, LitElement, nothing } from "lit";
import type { Person } from "../../demo/people";
import { cleanToken, readIdentity } from "../logic/session";
import { controls } from "../styles/controls";
import { icon } from "./icons";
import { logo } from "./logo";

export interface SignIn {
  token: string;
  name: string | null;
}

export class SignInPage extends LitElement {
  static override styles = [
    controls,
    css`
      :host {
        display: grid;
        justify-items: center;
        padding: clamp(1rem, 8vh, 5rem) 1rem 2rem;
      }

      main {
        display: grid;
        gap: 1.25rem;
        inline-size: min(30rem, 100%);
        padding: clamp(1.25rem, 5vw, 2.25rem);
      }

      header {
        display: flex;
        gap: 0.75rem;
        align-items: center;
      }

      header svg {
        inline-size: 2.25rem;
        block-size: 2.25rem;
      }

      form,
      section {
        display: grid;
        gap: 0.5rem;
      }

      textarea {
        font-family: ui-monospace, monospace;
        font-size: 0.875rem;
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
        justify-content: space-between;
        inline-size: 100%;
        padding: 0.75rem 1rem;
        text-align: start;
      }

      .person span span {
        display: block;
        font-weight: 400;
      }

      .person .muted::first-letter {
        text-transform: uppercase;
      }

      code {
        font-size: 0.875em;
        overflow-wrap: anywhere;
      }
    `,
  ];
  static override properties = {
    people: { attribute: false },
    reason: {},
    _error: { state: true },
  };

  /** The demo people; none where this is no demo. */
  declare people: readonly Person[];
  /** Why somebody who was signed in is not any more. */
  declare reason: string;
  declare _error: string;

  constructor() {
    super();
    this.people = [];
    this.reason = "";
    this._error = "";
  }

  override render() {
    return html`<main class="card">
      <header>
        ${logo()}
        <h1 tabindex="-1">Message Hub</h1>
      </header>
      ${
        this.reason
          ? html`<div class="note" role="status">${icon("info")}
            <div>${this.reason}</div>
          </div>`
          : nothing
      }
      ${this.people.length > 0 ? this.#people() : nothing} ${this.#form()}
    </main>`;
  }

  #people() {
    return html`<section aria-labelledby="people">
      <h2 id="people">Look around as</h2>
      <ul class="people">
        ${this.people.map(
          ({ name, role, token }) => html`<li>
            <button class="button person" type="button" @click=${() => this.#signIn(token, name)}>
              <span>${name}<span class="muted small">${role}</span></span>
              ${icon("chevron")}
            </button>
          </li>`,
        )}
      </ul>
    </section>`;
  }

  #form() {
    return html`<form novalidate @submit=${this.#onSubmit}>
      <label class="label" for="token">${this.people.length > 0 ? "Or sign in with an access token" : "Access token"}</label>
      <p class="muted small" id="hint">
        Your platform issues it; operators make one with <code>message-hub token</code>. It stays in this tab until you sign out or
        close it.
      </p>
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
      <button class="button ${this.people.length > 0 ? "" : "primary"}" type="submit">Sign in</button>
    </form>`;
  }

  readonly #onSubmit = (event: Event) => {
    event.preventDefault();
    const field = this.renderRoot.querySelector("textarea");
    const token = cleanToken(field?.value ?? "");
    if (readIdentity(token)) {
      this.#signIn(token, null);
      return;
    }
    this._error = token ? "This is not an access token. Copy all of it." : "Paste your access token.";
    field?.focus();
  };

  readonly #onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey) this.#onSubmit(event);
  };

  #signIn(token: string, name: string | null): void {
    this._error = "";
    const detail: SignIn = { token, name };
    this.dispatchEvent(new CustomEvent("sign-in", { detail }));
  }
}

customElements.define("hub-sign-in", SignInPage);
