/** `<hub-drafts-page>`: what is not sent yet: what should have been and was not, what is scheduled, and drafts. */
import { html, LitElement, nothing } from "lit";
import type { KeptDraft } from "../../api";
import { date } from "../logic/dates";
import type { Drafts } from "../logic/drafts";
import { nameOf } from "../logic/edges";
import { sentence } from "../logic/problems";
import { draftPath } from "../logic/routes";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { draftRowStyles } from "../styles/draft-rows";
import "./confirmation";
import { icon } from "./icons";
import { Poller } from "./poller";
import { empty, failed, loading, stateStyles } from "./states";

const REFRESH_MS = 30_000;

interface Row {
  readonly name: string;
  readonly title: string;
  readonly body: string;
  readonly about: string;
  /** Whether it should have been sent and was not. */
  readonly isBad: boolean;
  readonly isScheduled: boolean;
}

interface Group {
  readonly heading: string;
  readonly rows: readonly Row[];
}

export class DraftsPage extends LitElement {
  static override styles = [controls, stateStyles, draftRowStyles];
  static override properties = {
    drafts: { attribute: false },
    me: {},
    _kept: { state: true },
    _error: { state: true },
    _asked: { state: true },
    _failure: { state: true },
  };

  declare drafts: Drafts;
  /** The viewer's external id. */
  declare me: string;
  declare _kept: readonly KeptDraft[] | null;
  declare _error: unknown;
  /** The row about which the page asks whether to delete it. */
  declare _asked: Row | null;
  declare _failure: string;
  readonly #poller = new Poller(this, () => this.#load());

  constructor() {
    super();
    this._kept = null;
    this._error = null;
    this._asked = null;
    this._failure = "";
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("drafts")) this.#poller.start();
  }

  async #load(): Promise<number> {
    // What was written a moment ago is on its way.
    await this.drafts.settle();
    try {
      this._kept = await this.drafts.calls.list(["missed", "failed", "scheduled", "draft"]);
      this._error = null;
    } catch (error) {
      this._error = error;
    }
    return REFRESH_MS;
  }

  override render() {
    return html`<section class="card" aria-label=${translate("frame_drafts")}>${this.#content()}</section>
      ${this.#question()}`;
  }

  #content() {
    const groups = this.#groups().filter(({ rows }) => rows.length > 0);
    const isLoading = this._kept === null && this._error === null;
    const rows = groups.map(
      ({ heading, rows }) => html`<h2>${heading}</h2>
        <ul>
          ${rows.map((row) => this.#row(row))}
        </ul>`,
    );
    if (isLoading) return loading(translate("draft_list_loading"));
    if (this._kept === null)
      return html`${rows} ${failed(translate("draft_list_failed"), this._error, () => this.#poller.start())}`;
    if (groups.length === 0) return empty("compose", translate("draft_list_empty"), translate("draft_list_empty_text"));
    return rows;
  }

  #groups(): Group[] {
    const of = (...states: KeptDraft["state"][]) => (this._kept ?? []).filter(({ state }) => states.includes(state));
    const soonest = (one: KeptDraft, other: KeptDraft) => (one.send_at ?? "").localeCompare(other.send_at ?? "");
    const local = this.drafts.listUnsaved().map((edge) => ({
      ...{ name: nameOf(edge), title: edge.draft.title, body: edge.draft.body, about: "", isBad: false },
      isScheduled: false,
    }));
    return [
      { heading: translate("draft_list_not_sent"), rows: of("missed", "failed").map((draft) => this.#toRow(draft)) },
      {
        heading: translate("draft_list_scheduled"),
        rows: of("scheduled")
          .sort(soonest)
          .map((draft) => this.#toRow(draft)),
      },
      { heading: translate("draft_list_local"), rows: local },
      { heading: translate("draft_list_drafts"), rows: of("draft").map((draft) => this.#toRow(draft)) },
    ];
  }

  #toRow(draft: KeptDraft): Row {
    const { id, title, body, state, author } = draft;
    const by = author.id === this.me ? "" : translate("draft_by", { name: author.name });
    return {
      ...{ name: id, title: title ?? "", body: body ?? "", about: [by, about(draft)].filter(Boolean).join(" · ") },
      isBad: state === "missed" || state === "failed",
      isScheduled: state === "scheduled",
    };
  }

  #row(row: Row) {
    const title = row.title || translate("draft_no_title");
    return html`<li class="row">
      <div class="what">
        <h3 dir="auto"><a href=${draftPath(row.name)}>${title}</a></h3>
        <p class="muted small excerpt" dir="auto">${row.body}</p>
        ${row.about ? html`<p class=${row.isBad ? "small error" : "small muted"}>${row.isBad ? icon("alert") : nothing}<span>${row.about}</span></p>` : nothing}
      </div>
      <button
        class="button quiet icon"
        type="button"
        aria-label=${translate("draft_delete", { title })}
        title=${translate("draft_delete", { title })}
        @click=${() => this.#ask(row)}
      >
        ${icon("close")}
      </button>
    </li>`;
  }

  #question() {
    const row = this._asked;
    const isScheduled = row?.isScheduled ?? false;
    const title = row?.title || translate("draft_no_title");
    return html`<hub-confirmation
      heading=${translate(isScheduled ? "draft_ask_cancel" : "draft_ask_delete")}
      yes=${translate(isScheduled ? "draft_cancel_yes" : "draft_delete_yes")}
      no=${translate("draft_delete_no")}
      danger
      .open=${row !== null}
      .error=${this._failure}
      @confirm=${this.#delete}
      @cancel=${() => this.#ask(null)}
    >
      ${isScheduled ? translate("draft_cancel_text") : translate("draft_delete_text", { title })}
    </hub-confirmation>`;
  }

  #ask(row: Row | null): void {
    this._asked = row;
    this._failure = "";
  }

  readonly #delete = async () => {
    const row = this._asked;
    if (!row) return;
    try {
      await this.drafts.remove(row.name);
      this._kept = (this._kept ?? []).filter(({ id }) => id !== row.name);
      this.#ask(null);
    } catch (error) {
      this._failure = sentence(error);
    }
  };
}

/** When it was changed, or when it is or was to be sent, and why it was not. */
export function about({ state, updated_at, send_at, reason, detail }: KeptDraft): string {
  const when = date(send_at ?? updated_at);
  if (state === "scheduled") return translate("draft_row_scheduled", { when });
  if (state === "missed") return translate("draft_row_missed", { when });
  if (state === "failed") return translate("draft_row_failed", { when, reason: detail ?? reason ?? "" });
  return translate("draft_changed_at", { when });
}

customElements.define("hub-drafts-page", DraftsPage);
