/**
 * `<message-bell>`: the bell with its badge, and the panel that it opens. The list in the panel is the feed's (feed.ts).
 * docs/embedding.md describes the element to those who put it into their pages.
 */
import { html, nothing } from "lit/html.js";
import { theme } from "../common/theme";
import { Announcer } from "./announcer";
import type { AskForToken } from "./credentials";
import { ReactiveElement } from "./element";
import type { BellEvent } from "./events";
import { Feed } from "./feed";
import * as icons from "./icons";
import type { Placement } from "./place";
import { Popup } from "./popup";
import type { GivenStrings } from "./strings";
import { bellStyles, feedStyles } from "./styles";

const MOST_SHOWN = 99;

export class MessageBell extends ReactiveElement {
  static override readonly observedAttributes = [
    "src",
    "stream-url",
    "token",
    "locale",
    "placement",
    "theme",
    "open",
    "messages-url",
    "create-url",
  ];
  static override readonly properties = ["getToken", "strings"];

  /** The address of inbox_api. */
  declare src: string;
  /** The address of the live stream; by default that of inbox_api. */
  declare streamUrl: string | null | undefined;
  declare token: string | null | undefined;
  declare getToken: AskForToken | undefined;
  declare locale: string | null | undefined;
  declare strings: GivenStrings | undefined;
  declare placement: Placement | null | undefined;
  declare theme: "light" | "dark" | null | undefined;
  /** Whether the panel is open; setting it opens and closes. */
  declare open: boolean;
  /** The address of a page with all messages, which the panel links to. */
  declare messagesUrl: string | null | undefined;
  /** The same of the page where an administrator writes a message; for administrators only. */
  declare createUrl: string | null | undefined;

  readonly #feed = new Feed(this, (event) => this.#onEvent(event));
  readonly #announcer = new Announcer((text) => this.#feed.announce(text));
  readonly #popup = new Popup(this, (isOpen) => {
    this.open = isOpen;
  });
  #wasOpen = false;
  #counts = "";

  constructor() {
    super([theme, feedStyles, bellStyles]);
    this.src ??= homeOf(import.meta.url);
    this.open ??= false;
  }

  /** Asks the hub now, for instance after the page has signed its user in again. */
  refresh(): void {
    this.#feed.refresh();
  }

  override attributeChangedCallback(attribute: string, before: string | null, value: string | null): void {
    if (attribute === "open") this.open = value !== null;
    else super.attributeChangedCallback(attribute, before, value);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.open = false;
    this.#announcer.stop();
  }

  protected override willUpdate(changed: ReadonlySet<string>): void {
    if (changed.has("locale") || changed.has("strings")) {
      this.#feed.speak(this.locale || languageOf(this), this.strings ?? {});
    }
    if (changed.has("src") || changed.has("streamUrl") || changed.has("token") || changed.has("getToken")) {
      const src = this.src || homeOf(import.meta.url);
      this.#feed.use({
        src,
        streamUrl: this.streamUrl || src,
        token: this.token || undefined,
        getToken: this.getToken,
      });
    }
    if (changed.has("open")) this.#feed.setActive(this.open);
    this.toggleAttribute("open", Boolean(this.open));
  }

  protected override updated(): void {
    if (this.open === this.#wasOpen) return;
    this.#wasOpen = this.open;
    if (this.open) this.#popup.show(this.placement ?? "bottom-end", this.theme ?? undefined);
    else this.#popup.hide();
    this.#emit(this.open ? "open" : "close", undefined);
  }

  protected override render() {
    const { messagesUrl, createUrl } = this;
    const { translate, state } = this.#feed;
    const { unseen_count: unseen = 0, to_acknowledge_count: asked = 0 } = state.counts ?? {};
    const details = [
      unseen > 0 && translate("new_messages", { count: unseen }),
      asked > 0 && translate("to_acknowledge", { count: asked }),
    ].filter((detail) => detail !== false);
    const label = details.reduce((name, detail) => translate("bell", { name, detail }), translate("messages"));
    const number = translate("number", { count: Math.min(unseen, MOST_SHOWN) });
    // What is still to be acknowledged does not go unnoticed once it is seen.
    const badge = unseen > MOST_SHOWN ? `${number}+` : unseen > 0 ? number : asked > 0 ? "!" : "";
    return html`<div class="root" id="root">
      <button
        type="button"
        id="bell"
        class="bell"
        part="button"
        popovertarget="panel"
        aria-haspopup="dialog"
        aria-expanded=${this.open}
        aria-label=${label}
      >
        <slot name="icon">${icons.bell}</slot>
        ${badge ? html`<span class="badge" part="badge" translate="no">${badge}</span>` : nothing}
      </button>
      ${this.#feed.renderSpoken()}
      <section
        id="panel"
        part="panel"
        popover
        role="dialog"
        aria-labelledby="heading"
        tabindex="-1"
        autofocus
        @beforetoggle=${this.#popup.onBeforeToggle}
        @toggle=${this.#popup.onToggle}
        @focusout=${this.#popup.onFocusOut}
        @keydown=${this.#feed.onKeyDown}
      >
        ${this.open ? this.#feed.render({ close: this.#close, messagesUrl, createUrl }) : nothing}
      </section>
    </div>`;
  }

  readonly #close = (): void => {
    this.open = false;
  };

  #onEvent(event: BellEvent | undefined): void {
    const { counts, connection } = this.#feed.state;
    this.#announcer.onEvent(event, counts?.unseen_count, this.#feed.translate);
    if (event?.kind === "recalled") this.#emit("recalled", { id: event.id });
    if (event?.kind === "expired") this.#emit("expired", { id: event.id });
    if (event?.kind === "arrived") this.#emit("notification", event.notification);
    if (event?.kind === "connection") this.#emit("connection", { connection });
    if (counts && this.#counts !== JSON.stringify(counts)) {
      this.#counts = JSON.stringify(counts);
      this.#emit("counts", counts);
    }
  }

  #emit(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(`message-bell-${name}`, { detail, bubbles: true, composed: true }));
  }
}

/** Of the nearest element around it that has one, also outside of the shadow roots it is in. */
function languageOf(element: Element): string | null {
  const found = element.closest("[lang]");
  const host = (element.getRootNode() as ShadowRoot).host;
  return found || !host ? (found?.getAttribute("lang") ?? null) : languageOf(host);
}

/** Where the script came from is where its API is. */
function homeOf(script: string): string {
  return new URL(".", script).href;
}

declare global {
  interface HTMLElementTagNameMap {
    "message-bell": MessageBell;
  }
}
