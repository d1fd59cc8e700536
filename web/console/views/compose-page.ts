/** `<hub-compose-page>`: writes a message, shows it as its recipients will see it, asks once more, sends it. */
import { html, LitElement, nothing } from "lit";
import type { Hub } from "../hub";
import { ASKED_FIELDS, toAsked } from "../logic/acknowledgement";
import type { Directory } from "../logic/directory";
import { cleaned, type Draft, EMPTY, toPeople } from "../logic/draft";
import type { Drafts } from "../logic/drafts";
import type { OpenDraft } from "../logic/open-draft";
import { type Field, findMistakes, hasMistakes, type Mistakes, mistakes, NONE } from "../logic/problems";
import type { Beginning } from "../logic/routes";
import type { TextField } from "../logic/text";
import { translate } from "../strings";
import { composeStyles } from "../styles/compose";
import { controls } from "../styles/controls";
import { draftStyles } from "../styles/drafts";
import { optionStyles } from "../styles/options";
import { termStyles } from "../styles/terms";
import { acknowledgementFields } from "./compose-acknowledgement";
import { correctionNote } from "./compose-correction";
import { ComposeDraft } from "./compose-draft";
import { mistakeList, textField } from "./compose-fields";
import { FooterSpace, footer } from "./compose-footer";
import { conflictNote, elsewhereNote, note, savedNote } from "./compose-notes";
import { optionFields } from "./compose-options";
import { ComposeQuestions, type QuestionsHost } from "./compose-questions";
import { recipientsField } from "./compose-recipients";
import { scheduleNote } from "./compose-schedule";
import { preview } from "./preview";
import { type Reach, ReachCounter } from "./reach";
import { notOpened, stateStyles } from "./states";

const NOTHING_REMOVED: Readonly<Partial<Record<TextField, number>>> = {};

export class ComposePage extends LitElement implements QuestionsHost {
  static override styles = [controls, stateStyles, composeStyles, optionStyles, termStyles, draftStyles];
  static override properties = {
    hub: { attribute: false },
    directory: { attribute: false },
    drafts: { attribute: false },
    categories: { attribute: false },
    beginning: { attribute: false },
    _mistakes: { state: true },
    _removed: { state: true },
  };

  declare hub: Hub;
  declare directory: Directory;
  declare drafts: Drafts;
  /** What messages of the platform can be about. */
  declare categories: readonly string[];
  declare beginning: Beginning;
  declare _mistakes: Mistakes;
  /** How many invisible characters were removed from each field. */
  declare _removed: typeof NOTHING_REMOVED;
  readonly #open = new ComposeDraft(this);
  readonly #reach = new ReachCounter(this, (people, signal) => this.hub.countPeople(people, signal));
  readonly #questions = new ComposeQuestions(this);

  constructor() {
    super();
    this.categories = [];
    this._mistakes = NONE;
    this._removed = NOTHING_REMOVED;
    new FooterSpace(this);
  }

  get reach(): Reach {
    return this.#reach.value;
  }

  get #draft(): Draft {
    return this.#open.opened?.draft ?? EMPTY;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("drafts") || changed.has("beginning")) {
      this._mistakes = NONE;
      this._removed = NOTHING_REMOVED;
      this.#questions.close();
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
    const { title, body, options, acknowledgement: asked, supersedes, change_summary } = opened.draft;
    return html`<div class="notes">${this.#notes(opened)}</div>
      <form novalidate @submit=${this.#onSubmit}>
        <div class="columns">
          <div class="card fields">
            ${supersedes === null ? nothing : this.#text("change_summary")} ${this.#text("title")} ${this.#text("body")}
            ${this.#recipients()} ${this.#options()} ${this.#acknowledgement()}
            ${savedNote(opened, () => this.#questions.ask("delete"))}
          </div>
          <aside class="preview" aria-labelledby="preview">
            <h2 id="preview" class="small muted">${translate("compose_preview")}</h2>
            ${preview({
              ...{ title, body, options, asked: asked && toAsked(asked), summary: change_summary },
              sender: this.directory.audiences.viewer.name,
            })}
          </aside>
        </div>
        ${footer(
          this.reach,
          () => this.#reach.retry(toPeople(opened.draft)),
          opened.state === "scheduled" ? null : () => this.#askTime(opened),
        )}
      </form>
      ${this.#questions.render(opened)}`;
  }

  #text(name: Exclude<TextField, "statement">) {
    return this.#field(name, this.#draft[name], (value) => this.#edit({ [name]: value }, name));
  }

  #field(name: TextField, value: string, change: (value: string) => void) {
    const before = this._removed[name] ?? 0;
    return textField({
      ...{ name, value, error: this._mistakes.fields[name], removed: before },
      change: (entered, removed) => {
        if (removed > 0) this._removed = { ...this._removed, [name]: before + removed };
        if (entered !== value) change(entered);
      },
    });
  }

  #recipients() {
    return recipientsField({
      draft: this.#draft,
      hub: this.hub,
      directory: this.directory,
      reach: this.reach,
      mistakes: this._mistakes,
      change: (selection) => this.#edit({ selection }, "audience"),
    });
  }

  #options() {
    return optionFields({
      options: this.#draft.options,
      categories: this.categories,
      mistakes: this._mistakes,
      change: (name, value) => this.#edit({ options: { ...this.#draft.options, [name]: value } }, name),
    });
  }

  #acknowledgement() {
    const asked = this.#draft.acknowledgement;
    const change = (acknowledgement: typeof asked) => this.#edit({ acknowledgement }, ...ASKED_FIELDS);
    return acknowledgementFields({
      ...{ asked, mistakes: this._mistakes, change },
      statement: this.#field(
        "statement",
        asked?.statement ?? "",
        (statement) => asked && change({ ...asked, statement }),
      ),
    });
  }

  #notes(opened: OpenDraft) {
    const { lack } = this.#open;
    return [
      mistakeList(this._mistakes, (field) => void this.focusOn(field)),
      conflictNote(
        opened,
        this.directory,
        () => void this.#settleConflict(() => opened.keepMine()),
        () => void this.#settleConflict(() => opened.takeTheirs()),
      ),
      elsewhereNote(opened),
      correctionNote(opened.draft, this.hub),
      scheduleNote(opened, {
        save: () => void opened.save(),
        changeTime: () => this.#askTime(opened),
        unschedule: () => this.#questions.ask("unschedule"),
      }),
      lack ? note(lack) : nothing,
      this.#questions.isUnanswered && !opened.elsewhere ? note(translate("compose_unanswered")) : nothing,
    ];
  }

  async #settleConflict(choose: () => unknown): Promise<void> {
    await choose();
    await this.focusOn("title");
  }

  /** `fields`: those that are changed by it. What was wrong with them may not be any more. */
  #edit(change: Partial<Draft>, ...fields: Field[]): void {
    this.#open.lack = "";
    this.#open.opened?.change({ ...this.#draft, ...change });
    if (!fields.some((field) => this._mistakes.fields[field])) return;
    const others = { ...this._mistakes.fields };
    for (const field of fields) delete others[field];
    this._mistakes = { ...this._mistakes, fields: others };
  }

  readonly #onSubmit = (event: Event) => {
    event.preventDefault();
    const { opened } = this.#open;
    if (opened && this.#check(opened, true)) this.#questions.ask("send");
  };

  #askTime(opened: OpenDraft): void {
    if (this.#check(opened, false)) this.#questions.askTime(opened);
  }

  /** Whether nothing is wrong with the message; says what is. What is reviewed next is what the hub stores. */
  #check(opened: OpenDraft, isSentNow: boolean): boolean {
    if (opened.conflict) {
      void this.focusOn("conflict");
      return false;
    }
    const found = findMistakes(opened.draft, new Date(), isSentNow);
    if (hasMistakes(found)) {
      this.#show(found);
      return false;
    }
    this._mistakes = NONE;
    opened.change(cleaned(opened.draft));
    return true;
  }

  refuse(error: unknown): void {
    this.#show(mistakes(error));
    // The directory may have changed since it was read.
    if (this._mistakes.fields.audience) this.dispatchEvent(new CustomEvent("audience-refused"));
  }

  #show(found: Mistakes): void {
    this._mistakes = found;
    void this.focusOn("mistakes");
  }

  async focusOn(id: string): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(`#${id}`)?.focus();
  }
}

customElements.define("hub-compose-page", ComposePage);
