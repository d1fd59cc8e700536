/**
 * `<hub-compose-page>`: writes a message, says how many people it reaches, asks once more, sends it.
 *
 * What is written is kept in the browser from the first letter to the hub's answer; a failed send loses nothing.
 */
import { html, LitElement, nothing } from "lit";
import type { Message, NewMessage } from "../../api";
import type { Hub } from "../hub";
import type { Directory } from "../logic/directory";
import { type Draft, hasText, mayDiffer, newDraft } from "../logic/draft";
import type { DraftStore } from "../logic/drafts";
import { type Field, findMistakes, hasMistakes, type Mistakes, mistakes, NONE, sentence } from "../logic/problems";
import type { Filter } from "../logic/routes";
import { fromAudience, keepKnown, NOTHING, type Selection, startingSelection, toAudience } from "../logic/selection";
import { MAX_BODY, MAX_TITLE } from "../logic/text";
import { audienceSummary, people } from "../logic/wording";
import { translate } from "../strings";
import { composeStyles } from "../styles/compose";
import { controls } from "../styles/controls";
import "./audience-picker";
import { fieldError, mistakeList, preview, textField } from "./compose-fields";
import "./confirmation";
import { icon } from "./icons";
import { ReachCounter } from "./reach";
import { Sender } from "./sender";

type Asking = "send" | "discard" | null;

export class ComposePage extends LitElement {
  static override styles = [controls, composeStyles];
  static override properties = {
    hub: { attribute: false },
    directory: { attribute: false },
    drafts: { attribute: false },
    preset: { attribute: false },
    copy: {},
    _draft: { state: true },
    _mistakes: { state: true },
    _asking: { state: true },
    _isKept: { state: true },
    _isOpen: { state: true },
    _isGone: { state: true },
    _failure: { state: true },
  };

  declare hub: Hub;
  declare directory: Directory;
  declare drafts: DraftStore;
  /** The organisation or clinic from whose menu this page was opened. */
  declare preset: Filter;
  /** The id of the message whose content the new draft begins with. */
  declare copy: string | null;
  declare _draft: Draft;
  declare _mistakes: Mistakes;
  declare _asking: Asking;
  declare _isKept: boolean;
  /** Whether the draft has been opened. */
  declare _isOpen: boolean;
  /** Whether the draft that was open here was sent or discarded in another tab. */
  declare _isGone: boolean;
  /** Why the last attempt did not succeed, for a passing reason. */
  declare _failure: string;
  #usedPreset: Filter = null;
  readonly #reach = new ReachCounter(this, (audience, signal) => this.hub.countPeople(audience, signal));
  readonly #sender = new Sender(this, (change) => this.#keep({ ...this._draft, ...change }));

  constructor() {
    super();
    this.preset = null;
    this.copy = null;
    this._draft = newDraft();
    this._mistakes = NONE;
    this._asking = null;
    this._isKept = false;
    this._isOpen = false;
    this._isGone = false;
    this._failure = "";
  }

  get #message(): NewMessage | null {
    const audience = toAudience(this._draft.selection);
    return audience && { title: this._draft.title, body: this._draft.body, audience };
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("drafts") || (changed.has("copy") && this.copy)) void this.#open();
    if (!this._isOpen) return;
    if (changed.has("_isOpen") || changed.has("preset") || changed.has("directory")) this.#settleSelection();
    this.#reach.ask(toAudience(this._draft.selection));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) void this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.drafts.close();
  }

  async #open(): Promise<void> {
    this._isOpen = false;
    this._draft = await this.drafts.open((draft) => {
      this._isGone = draft === null;
      if (draft) this._draft = draft;
      else this.#begin();
    });
    if (this.copy) await this.#beginCopy(this.copy);
    this._isOpen = true;
  }

  /** What was open before stays a draft. */
  async #beginCopy(id: string): Promise<void> {
    try {
      const { title, body, audience } = await this.hub.getMessage(id);
      this._draft = { ...this.drafts.begin(), title, body, selection: fromAudience(audience) };
      this._mistakes = NONE;
    } catch (error) {
      this._mistakes = { fields: {}, other: translate("message_copy_failed", { reason: sentence(error) }) };
    }
    this.copy = null;
    this.dispatchEvent(new CustomEvent("preset-used"));
  }

  #begin(): void {
    this._draft = { ...this.drafts.begin(), selection: startingSelection(this.directory.audiences) };
    this._mistakes = NONE;
    this._asking = null;
  }

  /** The preset where there is one; else what the draft has, as far as it may still be chosen. */
  #settleSelection(): void {
    const { audiences } = this.directory;
    let selection = keepKnown(this._draft.selection, audiences);
    if (this.preset && this.preset !== this.#usedPreset) {
      this.#usedPreset = this.preset;
      const chosen = new Set([this.preset.id]);
      const isOrganisation = this.preset.level === "organisation";
      const wanted = isOrganisation ? { ...NOTHING, organisations: chosen } : { ...NOTHING, clinics: chosen };
      selection = keepKnown(wanted, audiences);
      this.dispatchEvent(new CustomEvent("preset-used"));
    } else if (toAudience(selection) === null) {
      selection = startingSelection(audiences);
    }
    this.#keep({ ...this._draft, selection });
  }

  override render() {
    if (!this._isOpen) return nothing;
    const { title, body, selection } = this._draft;
    const { fields } = this._mistakes;
    return html`<div class="notes">${mistakeList(this._mistakes, (field) => this.#goTo(field))} ${this.#attemptNote()}</div>
      <div class="columns">
        <form class="card" novalidate @submit=${this.#onSubmit}>
          <fieldset aria-describedby=${fields.audience ? "audience-error" : nothing}>
            <legend class="label">Who gets it</legend>
            ${fieldError("audience", fields.audience)}
            <hub-audience-picker
              id="audience"
              .directory=${this.directory}
              .selection=${selection}
              @selection-change=${(event: CustomEvent<Selection>) => this.#edit("audience", { selection: event.detail })}
            ></hub-audience-picker>
          </fieldset>
          ${textField({
            name: "title",
            label: "Title",
            hint: "What it is about, in one line.",
            value: title,
            maximum: MAX_TITLE,
            error: fields.title,
            change: (value) => this.#edit("title", { title: value }),
          })}
          ${textField({
            name: "body",
            label: "Message",
            hint: "Plain text. Web addresses become links.",
            value: body,
            maximum: MAX_BODY,
            error: fields.body,
            change: (value) => this.#edit("body", { body: value }),
          })}
          ${this.#bar()}
        </form>
        ${preview(title, body)}
      </div>
      ${this.#sendConfirmation()} ${this.#discardConfirmation()}`;
  }

  #attemptNote() {
    if (this._isGone) return this.#note("This draft was sent or discarded in another tab.");
    if (this._draft.unanswered === null || this.#sender.isSending) return nothing;
    return this.#note(
      mayDiffer(this._draft, this.#message)
        ? "Your last attempt to send got no answer and may have arrived. Look under Messages before you send a changed one."
        : "Your last attempt to send got no answer. Send it again: it arrives once, even if the first attempt did.",
    );
  }

  #note(text: string) {
    return html`<div class="note" role="status">${icon("info")}
      <div>${text}</div>
    </div>`;
  }

  #bar() {
    return html`<div class="bar">
      <p class="reach" role="status" translate="no">${icon("people")}<span>${this.#reachText()}</span></p>
      ${
        this.#reach.value.state === "failed"
          ? html`<button class="button quiet" type="button" @click=${() => this.#reach.retry(toAudience(this._draft.selection))}>
            Count again
          </button>`
          : nothing
      }
      <button class="button primary send" type="submit">${icon("send")}Review and send</button>
      ${
        hasText(this._draft)
          ? html`<div class="kept muted small">
            ${this._isKept ? "Draft kept in this browser" : "Draft not kept: this browser’s storage is closed or full"}
            <button class="button quiet" type="button" @click=${() => this.#ask("discard")}>Discard draft</button>
          </div>`
          : nothing
      }
    </div>`;
  }

  #reachText() {
    const reach = this.#reach.value;
    switch (reach.state) {
      case "none":
        return "Choose who gets it";
      case "counting":
        return reach.count === null ? "Counting people…" : html`This reaches <strong>… people</strong>`;
      case "counted":
        return html`This reaches <strong>${people(reach.count)}</strong>`;
      case "failed":
        return `The people could not be counted. ${mistakes(reach.error).fields.audience ?? sentence(reach.error)}`;
    }
  }

  #sendConfirmation() {
    const { title, selection } = this._draft;
    const audience = toAudience(selection) ?? {};
    const { isSending, attempt } = this.#sender;
    return html`<hub-confirmation
      heading="Send this message?"
      yes=${isSending ? "Sending…" : this._failure ? "Try again" : "Send"}
      no=${isSending ? "Stop" : "Keep editing"}
      progress=${attempt > 1 ? `No answer yet: attempt ${attempt}. It arrives once, however often it is sent.` : "Sending…"}
      .open=${this._asking === "send"}
      .busy=${isSending}
      .error=${this._failure}
      @confirm=${this.#send}
      @cancel=${this.#cancel}
    >
      <p class="reach big" translate="no">${this.#reachText()}</p>
      <dl>
        <dt>To</dt>
        <dd>${audienceSummary(audience, this.directory)}</dd>
        <dt>Title</dt>
        <dd dir="auto">${title}</dd>
      </dl>
      <p class="muted">It is under their bells at once. You can recall it later.</p>
    </hub-confirmation>`;
  }

  #discardConfirmation() {
    return html`<hub-confirmation
      heading="Discard this draft?"
      yes="Discard"
      no="Keep it"
      danger
      .open=${this._asking === "discard"}
      @confirm=${this.#discard}
      @cancel=${() => this.#ask(null)}
    >
      What you have written is deleted from this browser.
    </hub-confirmation>`;
  }

  #edit(field: Field, change: Partial<Draft>): void {
    this._isGone = false;
    this.#keep({ ...this._draft, ...change });
    if (this._mistakes.fields[field]) {
      const { [field]: _corrected, ...others } = this._mistakes.fields;
      this._mistakes = { ...this._mistakes, fields: others };
    }
  }

  #keep(draft: Draft): void {
    this._draft = draft;
    this._isKept = this.drafts.save(draft);
  }

  #ask(asking: Asking): void {
    this._asking = asking;
    this._failure = "";
  }

  readonly #onSubmit = async (event: Event) => {
    event.preventDefault();
    const { title, body, selection } = this._draft;
    const found = findMistakes(title, body, toAudience(selection), this.directory.audiences.everyone);
    if (hasMistakes(found)) await this.#show(found);
    else {
      this._mistakes = NONE;
      this.#ask("send");
    }
  };

  async #show(found: Mistakes): Promise<void> {
    this._mistakes = found;
    this._asking = null;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("#mistakes")?.focus();
  }

  readonly #send = async () => {
    const message = this.#message;
    if (message === null) return;
    this._failure = "";
    const { message: sent, error } = await this.#sender.send(this._draft, message, (key) =>
      this.hub.send(message, key),
    );
    if (sent) this.#finish(sent, message);
    else if (this._draft.unanswered !== null)
      this._failure = this._asking === "send" ? `${sentence(error)} Your text is kept.` : "";
    else {
      await this.#show(mistakes(error));
      // The directory may have changed since it was read.
      if (this._mistakes.fields.audience) this.dispatchEvent(new CustomEvent("audience-refused"));
    }
  };

  readonly #cancel = () => {
    this.#sender.stop();
    this.#ask(null);
  };

  /** What was written anew meanwhile, after giving up on the answer, is another message and stays. */
  #finish(sent: Message, message: NewMessage): void {
    this.drafts.remove(this._draft);
    const { title, body, selection } = this._draft;
    const isSame = JSON.stringify(message) === JSON.stringify(this.#message);
    this.#begin();
    if (!isSame) this.#keep({ ...this._draft, title, body, selection });
    this.dispatchEvent(new CustomEvent("message-sent", { detail: sent }));
  }

  readonly #discard = async () => {
    this.drafts.remove(this._draft);
    this.#begin();
    await this.updateComplete;
    this.#goTo("title");
  };

  #goTo(field: Field): void {
    this.renderRoot.querySelector<HTMLElement>(`#${field}`)?.focus();
  }
}

customElements.define("hub-compose-page", ComposePage);
