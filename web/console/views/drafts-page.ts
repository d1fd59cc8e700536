/** `<hub-drafts-page>`: what is not sent yet: what should have been and was not, what is scheduled, and drafts. */
import { html, LitElement, nothing } from "lit";
import type { KeptDraft } from "../../api";
import { date } from "../logic/dates";
import { DraftList } from "../logic/draft-list";
import type { Drafts } from "../logic/drafts";
import { nameOf } from "../logic/edges";
import { sentence } from "../logic/problems";
import { draftPath } from "../logic/routes";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { draftRowStyles } from "../styles/draft-rows";
import { deleteQuestion, titleOf, unscheduleQuestion } from "./draft-questions";
import { icon } from "./icons";
import { Poller } from "./poller";
import { empty, failed, loading, more, stateStyles } from "./states";

const REFRESH_MS = 30_000;

interface Row extends Pick<KeptDraft, "state" | "send_at"> {
  /** Its id, or its key where only this browser has it. */
  readonly name: string;
  readonly title: string;
  readonly body: string;
  /** By whom, and when. */
  readonly about: string;
}

export class DraftsPage extends LitElement {
  static override styles = [controls, stateStyles, draftRowStyles];
  static override properties = {
    drafts: { attribute: false },
    me: {},
    _asked: { state: true },
    _failure: { state: true },
  };

  declare drafts: Drafts;
  /** The viewer's external id. */
  declare me: string;
  /** The row about which the page asks. */
  declare _asked: Row | null;
  declare _failure: string;
  #lists: readonly { heading: string; list: DraftList }[] = [];
  readonly #poller = new Poller(this, async () => {
    await this.#load();
    return REFRESH_MS;
  });

  constructor() {
    super();
    this._asked = null;
    this._failure = "";
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("drafts")) return;
    const list = (...states: KeptDraft["state"][]) =>
      new DraftList(this.drafts.calls, states, () => this.requestUpdate());
    this.#lists = [
      { heading: translate("draft_list_not_sent"), list: list("missed", "failed", "cancelled") },
      { heading: translate("draft_list_scheduled"), list: list("scheduled") },
      { heading: translate("draft_list_drafts"), list: list("draft") },
    ];
    this.#poller.start();
  }

  async #load(): Promise<void> {
    // What was written a moment ago is on its way.
    await this.drafts.settle();
    await Promise.all(this.#lists.map(({ list }) => list.load()));
  }

  override render() {
    const cancel = () => this.#ask(null);
    const about = (isScheduled: boolean) => (isScheduled === (this._asked?.state === "scheduled") ? this._asked : null);
    const failure = this._failure;
    return html`<section class="card" aria-label=${translate("frame_drafts")} tabindex="-1">${this.#content()}</section>
      ${deleteQuestion({ about: about(false), failure, confirm: this.#delete, cancel })}
      ${unscheduleQuestion({ about: about(true), failure, confirm: this.#unschedule, cancel })}`;
  }

  #content() {
    const local = this.drafts.listUnsaved().map(({ key, id, draft: { title, body } }) => {
      const row: Row = { name: nameOf({ id, key }), title, body, about: "", state: "draft", send_at: null };
      return row;
    });
    const isUnread = (list: DraftList) => list.drafts.length === 0 && list.status !== "complete";
    const lists = this.#lists.filter(({ list }) => !isUnread(list));
    const unread = this.#lists.map(({ list }) => list).filter(isUnread);
    const groups = [
      this.#group(translate("draft_list_local"), local),
      ...lists.map(({ heading, list }) => this.#group(heading, inOrder(list.drafts).map(this.#toRow), list)),
    ].filter((group) => group !== nothing);
    const [broken] = unread.filter(({ status }) => status === "failed");
    if (broken) {
      const retry = () => void Promise.all(unread.map((list) => list.retry()));
      return html`${groups} ${failed(translate("draft_list_failed"), broken.error, retry)}`;
    }
    if (unread.length > 0) return loading(translate("draft_list_loading"));
    if (groups.length > 0) return groups;
    return empty("compose", translate("draft_list_empty"), translate("draft_list_empty_text"));
  }

  #group(heading: string, rows: readonly Row[], list?: DraftList) {
    if (rows.length === 0) return nothing;
    return html`<h2>${heading}</h2>
      <ul>
        ${rows.map((row) => this.#row(row))}
      </ul>
      ${list ? more(list) : nothing}`;
  }

  readonly #toRow = (draft: KeptDraft): Row => {
    const { id, title, body, state, send_at, author } = draft;
    const by = author.id === this.me ? "" : translate("draft_by", { name: author.name });
    const texts = { title: title ?? "", body: body ?? "", about: [by, about(draft)].filter(Boolean).join(" · ") };
    return { name: id, state, send_at, ...texts };
  };

  #row(row: Row) {
    const isBad = row.state === "missed" || row.state === "failed";
    return html`<li class="row">
      <div class="what">
        <h3 dir="auto"><a href=${draftPath(row.name)} data-name=${row.name}>${titleOf(row)}</a></h3>
        <p class="muted small excerpt" dir="auto">${row.body}</p>
        ${row.about ? html`<p class=${isBad ? "small error" : "small muted"}>${isBad ? icon("alert") : nothing}<span>${row.about}</span></p>` : nothing}
      </div>
      ${this.#button(row)}
    </li>`;
  }

  #button(row: Row) {
    const title = titleOf(row);
    const ask = () => this.#ask(row);
    if (row.state === "scheduled")
      return html`<button class="button" type="button" aria-label=${translate("draft_unschedule_this", { title })} @click=${ask}>
        ${translate("draft_unschedule")}
      </button>`;
    const label = translate("draft_delete_this", { title });
    return html`<button class="button quiet icon" type="button" aria-label=${label} title=${label} @click=${ask}>
      ${icon("delete")}
    </button>`;
  }

  #ask(row: Row | null): void {
    this._asked = row;
    this._failure = "";
  }

  readonly #delete = () => this.#answer(({ name }) => this.drafts.remove(name));
  readonly #unschedule = () => this.#answer(({ name }) => this.drafts.calls.unschedule(name));

  /** Does it, and shows what came of it: the focus stays on the draft, or goes to the list where it is not in that any more. */
  async #answer(work: (row: Row) => Promise<unknown>): Promise<void> {
    const row = this._asked;
    if (!row) return;
    try {
      await work(row);
    } catch (error) {
      this._failure = sentence(error);
      return;
    }
    await this.#load();
    this.#ask(null);
    await this.updateComplete;
    const link = this.renderRoot.querySelector<HTMLElement>(`[data-name="${CSS.escape(row.name)}"]`);
    (link ?? this.renderRoot.querySelector<HTMLElement>("section"))?.focus();
  }
}

/** Those that ended: the last first. Others as the hub lists them. */
function inOrder(drafts: readonly KeptDraft[]): KeptDraft[] {
  return drafts.toSorted((one, other) => (other.ended_at ?? "").localeCompare(one.ended_at ?? ""));
}

/** When it was changed, or when it is or was to be sent, and why it was not. */
export function about({ state, updated_at, send_at, ended_at, reason, detail }: KeptDraft): string {
  const when = date(send_at ?? updated_at);
  if (state === "scheduled") return translate("draft_row_scheduled", { when });
  if (state === "cancelled") return translate("draft_row_cancelled", { when: date(ended_at ?? updated_at) });
  if (state === "missed") return translate("draft_row_missed", { when });
  if (state === "failed") return translate("draft_row_failed", { when, reason: detail ?? reason ?? "" });
  return translate("draft_changed_at", { when });
}

customElements.define("hub-drafts-page", DraftsPage);
