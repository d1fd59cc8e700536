/** `<hub-preview>`: a message as its recipients see it, drawn by the bell itself. It opens and closes as there. */
import { css, html, LitElement } from "lit";
import type { Notification } from "../../api";
import { renderItem } from "../../bell/item";
import { translator } from "../../bell/strings";
import { feedStyles } from "../../bell/styles";
import { theme } from "../../common/theme";
import { NO_OPTIONS, type Options } from "../logic/options";
import { clean } from "../logic/text";
import { LOCALE, translate } from "../strings";

const WORDS = translator({}, LOCALE);

export class Preview extends LitElement {
  static override styles = [
    theme,
    feedStyles,
    css`
      :host {
        display: block;
      }

      .paper {
        border: 1px solid var(--_hub-line);
        border-radius: calc(var(--_hub-radius) * 1.5);
        background: var(--_hub-background);
        color: var(--_hub-text);
        font-size: 0.9375em;
        overflow-wrap: anywhere;
      }

      .without-title .title,
      .without-body .text {
        color: var(--_hub-muted) !important;
        font-weight: normal;
      }

      /* What recipients can do with it is theirs. */
      .actions {
        display: none;
      }
    `,
  ];
  static override properties = {
    heading: {},
    body: {},
    sender: {},
    options: { attribute: false },
    _isOpen: { state: true },
  };

  declare heading: string;
  declare body: string;
  declare sender: string;
  declare options: Options;
  declare _isOpen: boolean;
  readonly #now = new Date();

  constructor() {
    super();
    this.heading = "";
    this.body = "";
    this.sender = "";
    this.options = NO_OPTIONS;
    this._isOpen = true;
  }

  override render() {
    const title = clean("title", this.heading) ?? this.heading.trim();
    const body = clean("body", this.body) ?? this.body.trim();
    const item: Notification = {
      id: "preview",
      title: title || translate("compose_preview_title"),
      body: body || translate("compose_preview_body"),
      ...{ category: null, priority: "normal", pinned_until: null, expires_at: null, expired: false },
      ...{ acknowledgement: null, supersedes: null, change_summary: null, superseded: false },
      sender: { name: this.sender },
      sent_at: this.#now.toISOString(),
      ...this.options,
      ...{ expired: false, seen_at: null, read_at: null, archived_at: null },
      ...{ acknowledgement: null, supersedes: null, change_summary: null, superseded: false },
    };
    const missing = `${title ? "" : "without-title"} ${body ? "" : "without-body"}`;
    return html`<ul class="paper">
      <li class="item unread ${this._isOpen ? "open" : ""} ${missing}">
        ${renderItem(item, this._isOpen, { translate: WORDS, locale: LOCALE, now: this.#now }, this.#actions)}
      </li>
    </ul>`;
  }

  readonly #actions = {
    toggle: () => {
      this._isOpen = !this._isOpen;
    },
    markUnread: () => undefined,
    archive: () => undefined,
    confirm: () => undefined,
    acknowledge: () => undefined,
  };
}

customElements.define("hub-preview", Preview);
