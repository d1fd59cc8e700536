/**
 * `<hub-compose-page>`: writes a message, shows it as its recipients will see it, asks once more, sends it.
 *
 * The draft is kept in the browser from the first letter to the hub's answer; a failed send loses nothing.
 */
import { html, LitElement, nothing } from "lit";
import type { Message, NewMessage } from "../../api";
import type { Hub } from "../hub";
import type { Directory } from "../logic/directory";
import { type Draft, newDraft, toMessage } from "../logic/draft";
import type { DraftStore } from "../logic/drafts";
import { copied, keepKnownCategory } from "../logic/options";
import { type Field, findMistakes, hasMistakes, type Mistakes, mistakes, NONE, sentence } from "../logic/problems";
import type { Filter } from "../logic/routes";
import {
  fromAudience,
  isKnown,
  keepKnown,
  type Selection,
  selectOne,
  startingSelection,
  toAudience,
} from "../logic/selection";
import { clean, type TextField } from "../logic/text";
import { translate } from "../strings";
import { composeStyles } from "../styles/compose";
import { controls } from "../styles/controls";
import { optionStyles } from "../styles/options";
import { termStyles } from "../styles/terms";
import "./audience-picker";
import { fieldError, mistakeList, textField } from "./compose-fields";
import { FooterSpace, footer } from "./compose-footer";
import { attemptNote, keptNote, note } from "./compose-notes";
import { optionFields } from "./compose-options";
import { discardQuestion, reviewQuestion } from "./compose-review";
import "./preview";
import { ReachCounter } from "./reach";
import { Sender } from "./sender";

type Asking = "send" | "discard" | null;

const NOTHING_REMOVED: Readonly<Record<TextField, number>> = { title: 0, body: 0 };

export class ComposePage extends LitElement {
  static override styles = [controls, composeStyles, optionStyles, termStyles];
  static override properties = {
    hub: { attribute: false },
    directory: { attribute: false },
    drafts: { attribute: false },
    categories: { attribute: false },
    preset: { attribute: false },
    copy: {},
    _draft: { state: true },
    _mistakes: { state: true },
    _asking: { state: true },
    _isKept: { state: true },
    _isOpen: { state: true },
    _isGone: { state: true },
    _copyNote: { state: true },
    _failure: { state: true },
    _removed: { state: true },
  };

  declare hub: Hub;
  declare directory: Directory;
  declare drafts: DraftStore;
  /** What messages of the platform can be about. */
  declare categories: readonly string[];
  /** The organisation or clinic from whose menu this page was opened; null once it is chosen. */
  declare preset: Filter;
  /** The id of the message whose content the new draft begins with; null once it has that. */
  declare copy: string | null;
  declare _draft: Draft;
  declare _mistakes: Mistakes;
  declare _asking: Asking;
  declare _isKept: boolean;
  /** Whether the draft has been opened. */
  declare _isOpen: boolean;
  /** Whether the draft that was open here was sent or discarded in another tab. */
  declare _isGone: boolean;
  /** What the copy of a message lacks. */
  declare _copyNote: string;
  /** Why the last attempt did not succeed, for a passing reason. */
  declare _failure: string;
  /** How many invisible characters were removed from each field. */
  declare _removed: Readonly<Record<TextField, number>>;
  readonly #reach = new ReachCounter(this, (audience, signal) => this.hub.countPeople(audience, signal));
  readonly #sender = new Sender(this, (change) => this.#keep({ ...this._draft, ...change }));

  constructor() {
    super();
    this.categories = [];
    this.preset = null;
    this.copy = null;
    this._draft = newDraft();
    this._mistakes = NONE;
    this._asking = null;
    this._isKept = false;
    this._isOpen = false;
    this._isGone = false;
    this._copyNote = "";
    this._failure = "";
    this._removed = NOTHING_REMOVED;
    new FooterSpace(this);
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
      const message = await this.hub.getMessage(id);
      const { title, body, audience } = message;
      this._draft = {
        ...this.drafts.begin(),
        title,
        body,
        selection: fromAudience(audience),
        options: copied(message),
      };
      if (!isKnown(audience, this.directory.audiences)) this._copyNote = translate("message_copy_narrower");
    } catch (error) {
      this._copyNote = translate("message_copy_failed", { reason: sentence(error) });
    }
    this.copy = null;
    this.dispatchEvent(new CustomEvent("preset-used"));
  }

  #begin(): void {
    this._draft = { ...this.drafts.begin(), selection: startingSelection(this.directory.audiences) };
    this._mistakes = NONE;
    this._asking = null;
    this._removed = NOTHING_REMOVED;
  }

  /** The preset where there is one; else what the draft has, as far as it may still be chosen. */
  #settleSelection(): void {
    const { audiences } = this.directory;
    let selection = keepKnown(this._draft.selection, audiences);
    if (this.preset) {
      selection = keepKnown(selectOne(this.preset), audiences);
      this.preset = null;
      this.dispatchEvent(new CustomEvent("preset-used"));
    } else if (toAudience(selection) === null) {
      selection = startingSelection(audiences);
    }
    this.#keep({ ...this._draft, selection, options: keepKnownCategory(this._draft.options, this.categories) });
  }

  override render() {
    if (!this._isOpen) return nothing;
    const { title, body, selection, options } = this._draft;
    const audience = toAudience(selection);
    return html`<div class="notes">${mistakeList(this._mistakes, (field) => this.#goTo(field))} ${this.#note()}</div>
      <form novalidate @submit=${this.#onSubmit}>
        <div class="columns">
          <div class="card fields">
            ${this.#field("title")} ${this.#field("body")} ${this.#recipients()} ${this.#options()}
            ${keptNote(this._draft, this._isKept, () => this.#ask("discard"))}
          </div>
          <aside class="preview" aria-labelledby="preview">
            <h2 id="preview" class="small muted">${translate("compose_preview")}</h2>
            <hub-preview
              .heading=${title}
              .body=${body}
              .sender=${this.directory.audiences.viewer.name}
              .options=${options}
            ></hub-preview>
          </aside>
        </div>
        ${footer(this.#reach.value, () => this.#reach.retry(audience))}
      </form>
      ${reviewQuestion({
        message: this._asking === "send" ? toMessage(this._draft) : null,
        directory: this.directory,
        reach: this.#reach.value,
        sender: this.#sender,
        failure: this._failure,
        confirm: this.#send,
        cancel: this.#cancel,
      })}
      ${discardQuestion(this._asking === "discard", this.#discard, () => this.#ask(null))}`;
  }

  #field(name: TextField) {
    return textField({
      name,
      value: this._draft[name],
      error: this._mistakes.fields[name],
      removed: this._removed[name],
      change: (value, removed) => {
        if (removed > 0) this._removed = { ...this._removed, [name]: this._removed[name] + removed };
        if (value !== this._draft[name]) this.#edit(name, { [name]: value });
      },
    });
  }

  #recipients() {
    const reach = this.#reach.value;
    const uncounted = reach.state === "failed" ? mistakes(reach.error).fields.audience : undefined;
    const error = this._mistakes.fields.audience ?? uncounted;
    return html`<fieldset aria-describedby=${error ? "audience-error" : nothing}>
      <legend class="label">${translate("compose_recipients")}</legend>
      ${fieldError("audience", error)}
      <hub-audience-picker
        id="audience"
        .directory=${this.directory}
        .selection=${this._draft.selection}
        @selection-change=${(event: CustomEvent<Selection>) => this.#edit("audience", { selection: event.detail })}
      ></hub-audience-picker>
    </fieldset>`;
  }

  #options() {
    return optionFields({
      options: this._draft.options,
      categories: this.categories,
      mistakes: this._mistakes,
      change: (name, value) => this.#edit(name, { options: { ...this._draft.options, [name]: value } }),
    });
  }

  #note() {
    if (this._isGone) return note(translate("compose_gone"));
    if (this._copyNote) return note(this._copyNote);
    return this.#sender.isSending ? nothing : attemptNote(this._draft);
  }

  #edit(field: Field, change: Partial<Draft>): void {
    this._isGone = false;
    this._copyNote = "";
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
    const { title, body } = this._draft;
    const found = findMistakes(this._draft, new Date());
    if (hasMistakes(found)) await this.#show(found);
    else {
      this._mistakes = NONE;
      // What is reviewed is what the hub stores.
      this.#keep({ ...this._draft, title: clean("title", title) ?? title, body: clean("body", body) ?? body });
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
    const message = toMessage(this._draft);
    if (message === null) return;
    this._failure = "";
    const { message: sent, error } = await this.#sender.send(this._draft, message, (key) =>
      this.hub.send(message, key),
    );
    if (sent) this.#finish(sent, message);
    else if (this._draft.unanswered !== null)
      this._failure = this._asking === "send" ? translate("compose_failed", { reason: sentence(error) }) : "";
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

  /** What was changed after giving up on the answer is another message and stays. */
  #finish(sent: Message, message: NewMessage): void {
    this.drafts.remove(this._draft);
    const { title, body, selection, options } = this._draft;
    const isSame = JSON.stringify(message) === JSON.stringify(toMessage(this._draft));
    this.#begin();
    if (!isSame) this.#keep({ ...this._draft, title, body, selection, options });
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
