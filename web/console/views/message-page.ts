/** `<hub-message-page>`: one sent message, how far it has come while that still changes, and the way to take it back. */
import { html, LitElement, nothing } from "lit";
import type { Message } from "../../api";
import { Problem, type SentMessage } from "../../api";
import type { Hub } from "../hub";
import type { Directory } from "../logic/directory";
import { sentence } from "../logic/problems";
import { type Filter, messagesPath } from "../logic/routes";
import { audienceNames, counted, number, people, percent, reached, status } from "../logic/wording";
import { controls } from "../styles/controls";
import { messageStyles } from "../styles/message";
import "./confirmation";
import { icon } from "./icons";
import { linked } from "./linked";
import { Poller } from "./poller";
import { empty, failed, loading, stateStyles } from "./states";
import { statusLabel, statusStyles } from "./status";
import "./time";

/** While it is being delivered; then how many have read it is all that moves. */
const PROGRESS_MS = 1_000;
const READERS_MS = 10_000;
const SHOWN_NAMES = 12;

export class MessagePage extends LitElement {
  static override styles = [controls, stateStyles, statusStyles, messageStyles];
  static override properties = {
    hub: { attribute: false },
    directory: { attribute: false },
    me: {},
    messageId: {},
    fresh: { attribute: false },
    filter: { attribute: false },
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
  /** Of the list that one goes back to. */
  declare filter: Filter;
  declare _message: (Message & Partial<SentMessage>) | null;
  declare _error: unknown;
  declare _isAsking: boolean;
  declare _isRecalling: boolean;
  declare _recallError: string;
  declare _showsAll: boolean;
  readonly #poller = new Poller(this, (signal) => this.#load(signal));
  #isAtHeading = false;

  constructor() {
    super();
    this.fresh = null;
    this.filter = null;
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
    this._error = null;
    this._showsAll = false;
    this.#poller.start();
  }

  /** The heading of a message takes the place of one that only said that it is coming; the focus stays with it. */
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
    const back = html`<a class="back" href=${messagesPath(this.filter)}>${icon("back")}Messages</a>`;
    const heading = html`<h1 class="unseen-text" tabindex="-1">Message</h1>`;
    if (this._error !== null) return html`${back} ${heading} ${this.#failed(this._error)}`;
    const message = this._message;
    if (message === null)
      return html`${back} ${heading}
        <div class="card">${loading("Loading the message…", 2)}</div>`;
    return html`${back}
      <header class="page-head">
        <h1 tabindex="-1" dir="auto">${message.title}</h1>
        ${this.#recallButton(message)}
      </header>
      <p class="unseen-text" role="status">${this.#spoken(message)}</p>
      ${this.#freshNote(message)}
      <div class="columns">
        <article class="card text">
          <p class="meta muted small">
            <bdi>${message.sender.name}</bdi> · <hub-time .at=${message.sent_at}></hub-time>
          </p>
          <p class="body" dir="auto">${linked(message.body)}</p>
        </article>
        <div class="side">
          <section class="card pad" aria-labelledby="progress">
            <div class="side-head">
              <h2 id="progress">Progress</h2>
              ${statusLabel(message)}
            </div>
            ${this.#progress(message)}
          </section>
          <section class="card pad" aria-labelledby="audience">
            <h2 id="audience">Sent to</h2>
            ${this.#audience(message)}
          </section>
        </div>
      </div>
      ${this.#confirmation(message)}`;
  }

  #failed(error: unknown) {
    const isMissing = error instanceof Problem && ["not-found", "validation-failed"].includes(error.code);
    const content = isMissing
      ? empty("search", "This message is not here", "There is no such message, or it is not for you to see.")
      : failed("The message could not be loaded", error, () => this.#retry());
    return html`<div class="card">${content}</div>`;
  }

  /** For its sender, who comes here straight from writing it. */
  #freshNote(message: Message) {
    if (this.fresh?.id !== message.id || message.status === "recalled") return nothing;
    return html`<div class="note">${icon("check")}<div>Your message is under everybody’s bell now.</div></div>`;
  }

  #progress(message: Message & Partial<SentMessage>) {
    const { recipient_count: all, delivered_count: delivered, read_count: read, seen_count: seen } = message;
    return html`${message.status === "recalled" ? this.#recalled(message) : nothing}
      ${
        all === null
          ? html`<p class="muted">${reached(message)}</p>`
          : html`${bar("Delivered", delivered, all)}
            ${message.expired ? html`<p class="muted small">It is past its retention and has left the bells.</p>` : nothing}
            ${read === undefined || read === null ? nothing : bar("Read", read, all)}
            ${seen === undefined || seen === null ? nothing : html`<p class="muted small">${seenBy(seen, message.status === "recalled")}</p>`}`
      }
      ${
        message.status === "queued" || message.status === "sending"
          ? html`<p class="muted small">Everybody sees it already. Filing it for each person takes a moment.</p>`
          : nothing
      }`;
  }

  #recalled({ recalled_at, recalled_by }: Message) {
    if (!recalled_at) return nothing;
    return html`<p class="recalled">
      Recalled by <bdi>${recalled_by?.name ?? "an administrator"}</bdi>, <hub-time .at=${recalled_at}></hub-time>. It has left every bell.
    </p>`;
  }

  #audience({ audience, recipient_count }: Message) {
    if (audience.everyone) return html`<p>Everyone on the platform</p>`;
    const names = audienceNames(audience, this.directory);
    const shown = this._showsAll ? names : names.slice(0, SHOWN_NAMES);
    const hidden = audience.other_scopes ?? 0;
    return html`<ul class="names">
        ${shown.map((name) => html`<li dir="auto">${name}</li>`)}
      </ul>
      ${
        shown.length < names.length
          ? html`<button class="button quiet" type="button" @click=${this.#showAll}>Show all ${number(names.length)}</button>`
          : nothing
      }
      ${hidden > 0 ? html`<p class="muted small">and ${counted(hidden, "other")} that you do not administer</p>` : nothing}
      ${recipient_count === null ? nothing : html`<p class="muted small">${people(recipient_count)}</p>`}`;
  }

  #recallButton(message: Message) {
    if (!this.directory.mayRecall(message, this.me)) return nothing;
    return html`<button class="button danger" type="button" @click=${() => this.#ask(true)}>${icon("recall")}Recall</button>`;
  }

  #confirmation(message: Message) {
    const reach = message.recipient_count === null ? "everybody who has it" : people(message.recipient_count);
    return html`<hub-confirmation
      heading="Recall this message?"
      yes=${this._isRecalling ? "Recalling…" : "Recall"}
      no="Keep it"
      danger
      .open=${this._isAsking}
      .busy=${this._isRecalling}
      .error=${this._recallError}
      @confirm=${this.#recall}
      @cancel=${() => this.#ask(false)}
    >
      “<bdi>${message.title}</bdi>” leaves the bells of ${reach}. This cannot be undone, and people may have read it already. The history keeps
      it, with your name.
    </hub-confirmation>`;
  }

  /** Said aloud when the state changes, not with every step. */
  #spoken(message: Message): string {
    const isDone = message.status === "sent" && message.recipient_count !== null;
    return isDone ? `Sent to ${people(message.recipient_count ?? 0)}.` : `${status(message)}.`;
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

function seenBy(count: number, isRecalled: boolean): string {
  if (count === 0) return isRecalled ? "Nobody saw it in their list." : "Nobody has seen it in their list yet.";
  return `${people(count)} ${count === 1 ? "has" : "have"} seen it in their list.`;
}

function bar(what: string, part: number, whole: number) {
  const share = percent(part, whole);
  return html`<div class="bar">
    <p><strong>${what}</strong> <span>${number(part)} of ${number(whole)}</span><span class="muted">${share}%</span></p>
    <progress aria-label=${what} aria-valuetext="${number(part)} of ${number(whole)}" max=${Math.max(1, whole)} .value=${part}></progress>
  </div>`;
}

customElements.define("hub-message-page", MessagePage);
