/** `<hub-frame>`: what surrounds every page: the bar with the bell and the person, the menu, the place for the page. */
import { html, LitElement, nothing } from "lit";
import type { Hub } from "../hub";
import type { Level } from "../logic/directory";
import { composePath, messagesPath, type Route } from "../logic/routes";
import { LOCALE } from "../strings";
import { controls } from "../styles/controls";
import { frameStyles } from "../styles/frame";
import { type IconName, icon } from "./icons";
import { logo } from "./logo";

const ROLES: Record<Level, string> = {
  platform: "Platform administrator",
  organisation: "Organisation administrator",
  clinic: "Clinic administrator",
};

/** The menu has an entry called "Messages". */
const BELL = { messages: "Received messages" };

interface Entry {
  label: string;
  picture: IconName;
  href: string;
  pages: readonly Route["page"][];
}

export class Frame extends LitElement {
  static override styles = [controls, frameStyles];
  static override properties = {
    hub: { attribute: false },
    level: {},
    name: {},
    page: {},
    canSignOut: { type: Boolean },
    hasBell: { type: Boolean },
  };

  declare hub: Hub;
  /** Null for somebody who administers nothing. */
  declare level: Level | null;
  declare name: string;
  declare page: Route["page"];
  declare canSignOut: boolean;
  declare hasBell: boolean;

  constructor() {
    super();
    this.level = null;
    this.name = "";
    this.page = "home";
    this.canSignOut = false;
    this.hasBell = true;
  }

  override firstUpdated(): void {
    // Fetched only by those who have signed in.
    if (this.hasBell && !customElements.get("message-bell")) void import("../../bell");
  }

  override render() {
    return html`<header>
        <button class="skip" type="button" @click=${this.#skip}>Skip to content</button>
        <a class="brand" href=${this.level === "clinic" || !this.level ? "#/received" : messagesPath()}>
          ${logo()}<span>Message Hub</span>
        </a>
        <div class="person">
          <p>
            <span class="who" dir="auto">${this.name}</span>
            <span class="role small muted">${this.level ? ROLES[this.level] : "User"}</span>
          </p>
          ${
            this.hasBell
              ? html`<message-bell
                .src=${this.hub.inboxUrl || location.origin}
                .streamUrl=${this.hub.streamUrl || location.origin}
                .getToken=${this.hub.getToken}
                .strings=${BELL}
                locale=${LOCALE}
              ></message-bell>`
              : nothing
          }
          ${
            this.canSignOut
              ? html`<button class="button quiet icon" type="button" aria-label="Sign out" title="Sign out" @click=${this.#signOut}>
                ${icon("signOut")}
              </button>`
              : nothing
          }
        </div>
      </header>
      <div class="below">
        <nav aria-label="Message Hub">
          <ul>
            ${this.#entries().map((entry) => this.#entry(entry))}
          </ul>
        </nav>
        <main id="content" tabindex="-1"><div class="measure"><slot></slot></div></main>
      </div>`;
  }

  #entries(): Entry[] {
    const isHere = ["home", "messages", "message", "received"] as const;
    const home = this.level === "platform" || this.level === "organisation" ? messagesPath() : "#/received";
    const entries: Entry[] = [{ label: "Messages", picture: "mail", href: home, pages: isHere }];
    if (this.level === "platform" || this.level === "organisation") {
      entries.push({
        label: "Organisations",
        picture: "organisations",
        href: "#/organisations",
        pages: ["organisations"],
      });
    }
    if (this.level)
      entries.push({ label: "Create message", picture: "compose", href: composePath(), pages: ["compose"] });
    return entries;
  }

  #entry({ label, picture, href, pages }: Entry) {
    return html`<li>
      <a href=${href} aria-current=${pages.includes(this.page) ? "page" : nothing}>${icon(picture)}<span>${label}</span></a>
    </li>`;
  }

  readonly #skip = () => {
    this.renderRoot.querySelector<HTMLElement>("#content")?.focus();
  };

  readonly #signOut = () => {
    this.dispatchEvent(new CustomEvent("sign-out"));
  };
}

customElements.define("hub-frame", Frame);
