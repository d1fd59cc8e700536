/** `<hub-preview>`: a message as its recipients see it, drawn by the bell itself. It opens, closes and asks as there. */
import { css, html, LitElement } from "lit";
import type { Notification } from "../../api";
import { renderItem } from "../../bell/item";
import { translator } from "../../bell/strings";
import { feedStyles } from "../../bell/styles";
import { theme } from "../../common/theme";
import { dueTime, type Stated } from "../logic/acknowledgement";
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
    asked: { attribute: false },
    summary: {},
    _isOpen: { state: true },
    _isConfirming: { state: true },
  };

  declare heading: string;
  declare body: string;
  declare sender: string;
  declare options: Options;
  /** What recipients are asked to confirm, if anything. */
  declare asked: Stated | null;
  /** What it changes of the message that it replaces; null where it replaces none. */
  declare summary: string | null;
  declare _isOpen: boolean;
  declare _isConfirming: boolean;
  readonly #now = new Date();

  constructor() {
    super();
    this.heading = "";
    this.body = "";
    this.sender = "";
    this.options = NO_OPTIONS;
    this.asked = null;
    this.summary = null;
    this._isOpen = true;
    this._isConfirming = false;
  }

  override render() {
    const title = clean("title", this.heading) ?? this.heading.trim();
    const body = clean("body", this.body) ?? this.body.trim();
    const item: Notification = {
      id: "preview",
      title: title || translate("compose_preview_title"),
      body: body || translate("compose_preview_body"),
      ...{ category: null, priority: "normal", pinned_until: null, expires_at: null, expired: false },
      sender: { name: this.sender },
      sent_at: this.#now.toISOString(),
      ...this.options,
      ...{ expired: false, seen_at: null, read_at: null, archived_at: null },
      ...{ supersedes: null, change_summary: this.summary || null, superseded: false },
      acknowledgement: this.#acknowledgement(),
    };
    const step = this._isConfirming ? { item, isSaving: false } : undefined;
    const missing = `${title ? "" : "without-title"} ${body ? "" : "without-body"}`;
    return html`<ul class="paper">
      <li class="item unread ${this._isOpen ? "open" : ""} ${missing}">
        ${renderItem(item, this._isOpen, { translate: WORDS, locale: LOCALE, now: this.#now, step }, this.#actions)}
      </li>
    </ul>`;
  }

  #acknowledgement(): Notification["acknowledgement"] {
    if (this.asked === null) return null;
    const { statement = "" } = this.asked;
    const due_at = dueTime(this.asked, this.#now);
    return { statement, due_at, overdue: false, acknowledged_at: null, content_hash: "" };
  }

  readonly #actions = {
    toggle: () => {
      this._isOpen = !this._isOpen;
    },
    markUnread: () => undefined,
    archive: () => undefined,
    confirm: (_item: Notification, isStep: boolean) => {
      this._isConfirming = isStep;
    },
    acknowledge: () => {
      this._isConfirming = false;
    },
  };
}

/** What a message that is being written looks like. */
export interface Previewed {
  title: string;
  body: string;
  sender: string;
  options: Options;
  asked: Stated | null;
  summary: string | null;
}

export function preview({ title, body, sender, options, asked, summary }: Previewed) {
  return html`<hub-preview
    .heading=${title}
    .body=${body}
    .sender=${sender}
    .options=${options}
    .asked=${asked}
    .summary=${summary}
  ></hub-preview>`;
}

customElements.define("hub-preview", Preview);
