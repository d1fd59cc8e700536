/** `<hub-frame>`: what surrounds every page: the bar with menu, bell and account, and below it the page. */
import { html, LitElement, nothing } from "lit";
import type { Viewer } from "../../api";
import type { Hub } from "../hub";
import { composePath, messagesPath, type Route } from "../logic/routes";
import { LOCALE, translate } from "../strings";
import { controls } from "../styles/controls";
import { frameStyles } from "../styles/frame";
import "./action-menu";
import { avatar, avatarStyles } from "./avatar";
import { icon } from "./icons";
import { logo } from "./logo";

/** The console has an entry "Messages" of its own. */
const BELL = { messages: translate("frame_bell") };

export class Frame extends LitElement {
  static override styles = [controls, avatarStyles, frameStyles];
  static override properties = {
    hub: { attribute: false },
    viewer: { attribute: false },
    page: {},
    canSignOut: { type: Boolean },
    hasBell: { type: Boolean },
  };

  declare hub: Hub;
  declare viewer: Viewer;
  declare page: Route["page"];
  declare canSignOut: boolean;
  declare hasBell: boolean;

  constructor() {
    super();
    this.page = "home";
    this.canSignOut = false;
    this.hasBell = true;
  }

  override firstUpdated(): void {
    // Loaded after sign-in only.
    if (this.hasBell && !customElements.get("message-bell")) void import("../../bell");
  }

  override render() {
    return html`<header>
        <button class="skip" type="button" @click=${this.#skip}>${translate("frame_skip")}</button>
        <a class="brand" href="#/">${logo()}<span>${translate("frame_product")}</span></a>
        ${this.#menu()}
        <div class="tools">${this.#createButton()} ${this.hasBell ? this.#bell() : nothing} ${this.#account()}</div>
      </header>
      <main id="content" tabindex="-1"><div class="measure"><slot></slot></div></main>`;
  }

  /** Nothing for clinic administrators and users: they would have one entry. */
  #menu() {
    const { level } = this.viewer;
    if (level !== "platform" && level !== "organisation") return nothing;
    const entry = (label: string, href: string, isCurrent: boolean) =>
      html`<li><a href=${href} aria-current=${isCurrent ? "page" : nothing}>${label}</a></li>`;
    const isMessages = ["home", "messages", "message", "received", "drafts"].includes(this.page);
    return html`<nav aria-label=${translate("frame_product")}>
      <ul>
        ${entry(translate("frame_messages"), messagesPath(), isMessages)}
        ${entry(translate("frame_organisations"), "#/organisations", this.page === "organisations")}
        ${
          level === "platform"
            ? entry(translate("frame_provisioning"), "#/provisioning", this.page === "provisioning")
            : nothing
        }
      </ul>
    </nav>`;
  }

  #createButton() {
    if (this.viewer.level === null || this.page === "compose") return nothing;
    return html`<a class="button primary create" href=${composePath()}>
      ${icon("compose")}<span>${translate("frame_create")}</span>
    </a>`;
  }

  #bell() {
    return html`<message-bell
      .src=${this.hub.inboxUrl || location.origin}
      .streamUrl=${this.hub.streamUrl || location.origin}
      .getToken=${this.hub.getToken}
      .messagesUrl=${"#/received"}
      .createUrl=${this.viewer.level === null ? null : composePath()}
      .strings=${BELL}
      locale=${LOCALE}
    ></message-bell>`;
  }

  /** Who is signed in. A host page that signs its user in also signs them out. */
  #account() {
    const { name, level } = this.viewer;
    const role = translate(`frame_role_${level ?? "user"}`);
    const who = html`<p class="who"><bdi>${name}</bdi><span class="small muted">${role}</span></p>`;
    if (!this.canSignOut) return html`<div class="hosted">${avatar(name)}${who}</div>`;
    return html`<hub-action-menu
      label=${translate("frame_account", { name })}
      .face=${avatar(name)}
      .head=${html`<div class="account">${avatar(name)}${who}</div>`}
      .actions=${[{ label: translate("frame_sign_out"), picture: "signOut", run: this.#signOut }]}
    ></hub-action-menu>`;
  }

  readonly #skip = () => {
    this.renderRoot.querySelector<HTMLElement>("#content")?.focus();
  };

  readonly #signOut = () => {
    this.dispatchEvent(new CustomEvent("sign-out"));
  };
}

customElements.define("hub-frame", Frame);
