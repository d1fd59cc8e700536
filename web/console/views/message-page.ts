/** `<hub-message-page>`: one sent message with its readers, recipients and acknowledgements; it can be recalled, corrected and copied. */
import { html, LitElement, nothing } from "lit";
import { type Message, Problem, type SentMessage } from "../../api";
import type { Hub } from "../hub";
import type { Directory } from "../logic/directory";
import { sentence } from "../logic/problems";
import { status } from "../logic/wording";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { figureStyles } from "../styles/figures";
import { messageStyles } from "../styles/message";
import { termStyles } from "../styles/terms";
import { avatarStyles } from "./avatar";
import "./confirmation";
import { icon } from "./icons";
import { linked } from "./linked";
import { MessageAcknowledgement } from "./message-acknowledgement";
import { change, messageHead, messageNote } from "./message-head";
import { askedTerms, timeTerms } from "./option-terms";
import { Poller } from "./poller";
import { readRate } from "./read-rate";
import "./recipients";
import { withNames } from "./rich";
import { sentTo } from "./sent-to";
import { empty, failed, loading, stateStyles } from "./states";
import { statusStyles } from "./status";

/** While it is being delivered; afterwards only the number of readers changes. */
const PROGRESS_MS = 1_000;
const READERS_MS = 10_000;

export class MessagePage extends LitElement {
  static override styles = [controls, avatarStyles, stateStyles, statusStyles, figureStyles, messageStyles, termStyles];
  static override properties = {
    hub: { attribute: false },
    directory: { attribute: false },
    me: {},
    messageId: {},
    fresh: { attribute: false },
    back: {},
    _message: { state: true },
    _error: { state: true },
    _isAsking: { state: true },
    _isRecalling: { state: true },
    _recallError: { state: true },
    _showsAll: { state: true },
  };

  declare hub: Hub;
  declare directory: Directory;
  /** The viewer's external id. */
  declare me: string;
  declare messageId: string;
  /** The message as it was answered when it was sent from here a moment ago. */
  declare fresh: Message | null;
  /** The address of the list. */
  declare back: string;
  declare _message: (Message & Partial<SentMessage>) | null;
  declare _error: unknown;
  declare _isAsking: boolean;
  declare _isRecalling: boolean;
  declare _recallError: string;
  declare _showsAll: boolean;
  readonly #poller = new Poller(this, (signal) => this.#load(signal));
  readonly #acknowledgement = new MessageAcknowledgement(this);
  #isAtHeading = false;

  constructor() {
    super();
    this.fresh = null;
    this.back = "";
    this._message = null;
    this._error = null;
    this._isAsking = false;
    this._isRecalling = false;
    this._recallError = "";
    this._showsAll = false;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    this.#isAtHeading = this.shadowRoot?.activeElement?.localName === "h1";
    if (!changed.has("messageId") && !changed.has("hub")) return;
    this._message = this.fresh?.id === this.messageId ? this.fresh : null;
    if (this._message) this.#tellTitle(this._message);
    this.#acknowledgement.follow(this._message);
    this._error = null;
    this._showsAll = false;
    this.#poller.start();
  }

  /** The heading of the message replaces that of the loading page, and keeps the focus. */
  override updated(): void {
    if (this.#isAtHeading) this.renderRoot.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }

  async #load(signal: AbortSignal): Promise<number | null> {
    try {
      const message = await this.hub.getMessage(this.messageId, signal);
      this.#accept(message);
      return message.status === "queued" || message.status === "sending" ? PROGRESS_MS : READERS_MS;
    } catch (error) {
      if (signal.aborted) throw error;
      const isGone = error instanceof Problem && !error.isPassing;
      if (this._message === null || isGone) this._error = error;
      // What is shown stays; the next attempt comes by itself.
      if (this._message === null || isGone) return null;
      throw error;
    }
  }

  #accept(message: SentMessage): void {
    this._message = message;
    this.#acknowledgement.follow(message);
    this.#tellList(message);
    this._error = null;
    this.#tellTitle(message);
  }

  /** The list shows the same message. */
  #tellList(message: Message): void {
    this.dispatchEvent(new CustomEvent("message-changed", { detail: message }));
  }

  #tellTitle({ title }: Message): void {
    this.dispatchEvent(new CustomEvent("message-known", { detail: title, bubbles: true, composed: true }));
  }

  override render() {
    const back = html`<a class="back" href=${this.back}>${icon("back")}${translate("message_back")}</a>`;
    const heading = html`<h1 class="unseen-text" tabindex="-1">${translate("message_heading")}</h1>`;
    if (this._error !== null) return html`${back} ${heading} ${this.#failed(this._error)}`;
    const message = this._message;
    if (message === null)
      return html`${back} ${heading}
        <div class="card">${loading(translate("message_loading"), 2)}</div>`;
    return html`${back} ${messageHead(message, this.hub, this.directory.mayRecall(message, this.me) ? () => this.#ask(true) : null)}
      <p class="unseen-text" role="status">${this.#spoken(message)}</p>
      ${messageNote(message, this.hub, message.id === this.fresh?.id)}
      <div class="columns">
        <article class="card text">${change(message)}<p class="body" dir="auto">${linked(message.body)}</p></article>
        <div class="side">
          ${this.#acknowledgement.card(message)} ${readRate(message, this.hub)} ${sentTo(message, this.directory, this._showsAll, this.#showAll)} ${this.#options(message)}
        </div>
        <div class="people">
          ${
            message.acknowledgement
              ? this.#acknowledgement.lists(message)
              : html`<hub-recipients .hub=${this.hub} .directory=${this.directory} .message=${message}></hub-recipients>`
          }
        </div>
      </div>
      ${this.#confirmation(message)}`;
  }

  #failed(error: unknown) {
    const isMissing = error instanceof Problem && ["not-found", "validation-failed"].includes(error.code);
    const content = isMissing
      ? empty("search", translate("message_missing"), translate("message_missing_text"))
      : failed(translate("message_failed"), error, () => this.#retry());
    return html`<div class="card">${content}</div>`;
  }

  #options(message: Message) {
    const { pinned_until, expires_at, acknowledgement } = message;
    if (pinned_until === null && expires_at === null && acknowledgement === null) return nothing;
    return html`<section class="card pad" aria-labelledby="options">
      <h2 id="options">${translate("options")}</h2>
      <dl>${timeTerms(message)} ${askedTerms(acknowledgement)}</dl>
    </section>`;
  }

  #confirmation({ title, recipient_count: count }: Message) {
    const text = count === null ? "message_recall_uncounted" : "message_recall_people";
    return html`<hub-confirmation
      heading=${translate("message_recall_heading")}
      yes=${translate(this._isRecalling ? "message_recalling" : "message_recall")}
      no=${translate("message_recall_keep")}
      danger
      .open=${this._isAsking}
      .busy=${this._isRecalling}
      .error=${this._recallError}
      @confirm=${this.#recall}
      @cancel=${() => this.#ask(false)}
    >
      <p>${withNames(text, { title }, { count: count ?? 0 })}</p>
      <p class="muted">${translate("message_recall_final")}</p>
    </hub-confirmation>`;
  }

  /** Said aloud when the state changes, not with every step. */
  #spoken(message: Message): string {
    const isDone = message.status === "sent" && message.recipient_count !== null;
    return isDone ? translate("message_spoken_sent", { count: message.recipient_count ?? 0 }) : status(message);
  }

  #ask(isAsking: boolean): void {
    this._isAsking = isAsking;
    this._recallError = "";
  }

  readonly #showAll = () => {
    this._showsAll = true;
  };

  readonly #recall = async () => {
    this._isRecalling = true;
    this._recallError = "";
    try {
      const message = await this.hub.recall(this.messageId);
      this._message = { ...this._message, ...message };
      this.#tellList(message);
      this._isAsking = false;
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLElement>("h1")?.focus();
    } catch (error) {
      this._recallError = sentence(error);
    } finally {
      this._isRecalling = false;
      this.#poller.start();
    }
  };

  #retry(): void {
    this._error = null;
    this.#poller.start();
  }
}

customElements.define("hub-message-page", MessagePage);
