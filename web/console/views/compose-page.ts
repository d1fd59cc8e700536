/** `<hub-compose-page>`: writes a message, shows it as its recipients will see it, asks once more, sends it. */
import { html, LitElement, nothing } from "lit";
import type { Hub } from "../hub";
import type { Directory } from "../logic/directory";
import { type Draft, EMPTY, toMessage, toPeople } from "../logic/draft";
import type { Drafts } from "../logic/drafts";
import type { OpenDraft } from "../logic/open-draft";
import { type Field, findMistakes, hasMistakes, type Mistakes, mistakes, NONE, sentence } from "../logic/problems";
import type { Beginning } from "../logic/routes";
import { clean, type TextField } from "../logic/text";
import { translate } from "../strings";
import { composeStyles } from "../styles/compose";
import { controls } from "../styles/controls";
import { draftStyles } from "../styles/drafts";
import { optionStyles } from "../styles/options";
import { termStyles } from "../styles/terms";
import { ComposeDraft } from "./compose-draft";
import { mistakeList, textField } from "./compose-fields";
import { FooterSpace, footer } from "./compose-footer";
import { conflictNote, elsewhereNote, note, savedNote } from "./compose-notes";
import { optionFields } from "./compose-options";
import { recipientsField } from "./compose-recipients";
import { discardQuestion, reviewQuestion } from "./compose-review";
import { scheduleNote } from "./compose-schedule";
import "./preview";
import { ReachCounter } from "./reach";
import { Scheduling } from "./scheduling";
import { Sender } from "./sender";
import { notOpened, stateStyles } from "./states";

type Asking = "send" | "discard" | "schedule" | null;

const NOTHING_REMOVED: Readonly<Record<TextField, number>> = { title: 0, body: 0 };

export class ComposePage extends LitElement {
  static override styles = [controls, stateStyles, composeStyles, optionStyles, termStyles, draftStyles];
  static override properties = {
    hub: { attribute: false },
    directory: { attribute: false },
    drafts: { attribute: false },
    categories: { attribute: false },
    beginning: { attribute: false },
    _mistakes: { state: true },
    _asking: { state: true },
    _failure: { state: true },
    _removed: { state: true },
  };

  declare hub: Hub;
  declare directory: Directory;
  declare drafts: Drafts;
  /** What messages of the platform can be about. */
  declare categories: readonly string[];
  declare beginning: Beginning;
  declare _mistakes: Mistakes;
  declare _asking: Asking;
  /** Why the last attempt did not succeed, for a passing reason. */
  declare _failure: string;
  /** How many invisible characters were removed from each field. */
  declare _removed: Readonly<Record<TextField, number>>;
  readonly #open = new ComposeDraft(this);
  readonly #reach = new ReachCounter(this, (people, signal) => this.hub.countPeople(people, signal));
  readonly #sender = new Sender(this);
  readonly #scheduling = new Scheduling(this, () => this.#ask(null));

  constructor() {
    super();
    this.categories = [];
    this._mistakes = NONE;
    this._asking = null;
    this._failure = "";
    this._removed = NOTHING_REMOVED;
    new FooterSpace(this);
  }

  get #draft(): Draft {
    return this.#open.opened?.draft ?? EMPTY;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("drafts") || changed.has("beginning")) {
      this.#clear();
      void this.#open.open();
    } else if (changed.has("directory")) this.#open.settle();
    if (this.#open.opened) this.#reach.ask(toPeople(this.#draft));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) void this.#open.open();
  }

  override render() {
    const { opened, error } = this.#open;
    if (error !== null) return notOpened(error, () => void this.#open.open());
    if (opened === null) return html`<p class="muted" role="status">${translate("draft_opening")}</p>`;
    const { title, body, options } = opened.draft;
    return html`<div class="notes">${this.#notes(opened)}</div>
      <form novalidate @submit=${this.#onSubmit}>
        <div class="columns">
          <div class="card fields">
            ${this.#field("title")} ${this.#field("body")} ${this.#recipients()} ${this.#options()}
            ${savedNote(opened, () => this.#ask("discard"))}
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
        ${footer(
          this.#reach.value,
          () => this.#reach.retry(toPeople(opened.draft)),
          opened.state === "scheduled" ? null : this.#askTime,
        )}
      </form>
      ${this.#scheduling.question(this._asking === "schedule", opened)}
      ${reviewQuestion({
        message: this._asking === "send" ? toMessage(this.#draft) : null,
        hub: this.hub,
        directory: this.directory,
        reach: this.#reach.value,
        sender: this.#sender,
        failure: this._failure,
        confirm: this.#send,
        cancel: this.#cancel,
      })}
      ${discardQuestion(this._asking === "discard" ? opened.state : null, this._failure, this.#discard, () => this.#ask(null))}`;
  }

  #field(name: TextField) {
    return textField({
      name,
      value: this.#draft[name],
      error: this._mistakes.fields[name],
      removed: this._removed[name],
      change: (value, removed) => {
        if (removed > 0) this._removed = { ...this._removed, [name]: this._removed[name] + removed };
        if (value !== this.#draft[name]) this.#edit(name, { [name]: value });
      },
    });
  }

  #recipients() {
    return recipientsField({
      draft: this.#draft,
      hub: this.hub,
      directory: this.directory,
      reach: this.#reach.value,
      mistakes: this._mistakes,
      change: (selection) => this.#edit("audience", { selection }),
    });
  }

  #options() {
    return optionFields({
      options: this.#draft.options,
      categories: this.categories,
      mistakes: this._mistakes,
      change: (name, value) => this.#edit(name, { options: { ...this.#draft.options, [name]: value } }),
    });
  }

  #notes(opened: OpenDraft) {
    const { lack } = this.#open;
    const { isSending, isUnanswered } = this.#sender;
    return [
      mistakeList(this._mistakes, (field) => this.#goTo(field)),
      conflictNote(
        opened,
        this.directory,
        () => void this.#settleConflict(() => opened.keepMine()),
        () => void this.#settleConflict(() => opened.takeTheirs()),
      ),
      elsewhereNote(opened),
      scheduleNote(opened, {
        save: () => void opened.save(),
        changeTime: this.#askTime,
        cancel: () => this.#ask("discard"),
        unschedule: () => void this.#attempt(() => opened.unschedule()),
      }),
      lack ? note(lack) : nothing,
      isUnanswered && !isSending && !opened.elsewhere ? note(translate("compose_unanswered")) : nothing,
    ];
  }

  async #settleConflict(choose: () => unknown): Promise<void> {
    await choose();
    await this.updateComplete;
    this.#goTo("title");
  }

  #edit(field: Field, change: Partial<Draft>): void {
    this.#open.lack = "";
    this.#open.opened?.change({ ...this.#draft, ...change });
    if (this._mistakes.fields[field]) {
      const { [field]: _corrected, ...others } = this._mistakes.fields;
      this._mistakes = { ...this._mistakes, fields: others };
    }
  }

  #clear(): void {
    this._mistakes = NONE;
    this._removed = NOTHING_REMOVED;
    this.#ask(null);
  }

  #ask(asking: Asking): void {
    this._asking = asking;
    this._failure = "";
  }

  readonly #onSubmit = async (event: Event) => {
    event.preventDefault();
    const { opened } = this.#open;
    if (!opened) return;
    if (opened.conflict) return this.#goTo("conflict");
    const found = findMistakes(opened.draft, new Date());
    if (hasMistakes(found)) return this.#show(found);
    this._mistakes = NONE;
    const { title, body } = opened.draft;
    // What is reviewed is what the hub stores.
    opened.change({ ...opened.draft, title: clean("title", title) ?? title, body: clean("body", body) ?? body });
    this.#ask("send");
  };

  /** Where nothing is wrong with the message. */
  readonly #askTime = () => {
    const { opened } = this.#open;
    if (!opened) return;
    if (opened.conflict) return this.#goTo("conflict");
    const found = findMistakes(opened.draft, new Date());
    if (hasMistakes(found)) return void this.#show(found);
    this._mistakes = NONE;
    this.#ask("schedule");
  };

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.#show({ fields: {}, other: sentence(error) });
    }
  }

  async #show(found: Mistakes): Promise<void> {
    this._mistakes = found;
    this._asking = null;
    await this.updateComplete;
    this.#goTo("mistakes");
  }

  readonly #send = async () => {
    const { opened } = this.#open;
    if (!opened) return;
    this._failure = "";
    const { message, error } = await this.#sender.send(() => opened.send());
    if (message) this.dispatchEvent(new CustomEvent("message-sent", { detail: message }));
    else if (opened.conflict || opened.elsewhere) this.#ask(null);
    else if (this.#sender.isUnanswered)
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

  readonly #discard = async () => {
    try {
      await this.#open.opened?.remove();
      this.#clear();
    } catch (error) {
      this._failure = sentence(error);
      return;
    }
    await this.updateComplete;
    this.#goTo("title");
  };

  #goTo(id: Field | "mistakes" | "conflict"): void {
    this.renderRoot.querySelector<HTMLElement>(`#${id}`)?.focus();
  }
}

customElements.define("hub-compose-page", ComposePage);
