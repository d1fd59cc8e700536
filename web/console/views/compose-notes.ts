/** What the compose page says about its draft: whether it is saved, and what became of it elsewhere. Templates only. */
import { html, nothing, type TemplateResult } from "lit";
import { Problem } from "../../api";
import type { Kept } from "../hub-drafts";
import { date } from "../logic/dates";
import type { Directory } from "../logic/directory";
import { type Draft, fromKept, hasText } from "../logic/draft";
import type { OpenDraft } from "../logic/open-draft";
import { mistakes, sentence } from "../logic/problems";
import { messagePath } from "../logic/routes";
import { toAudience } from "../logic/selection";
import { audienceSummary } from "../logic/wording";
import { translate } from "../strings";
import { icon } from "./icons";

/** Nothing before something was written. */
export function savedNote(opened: OpenDraft, remove: () => void) {
  const { error } = opened;
  const isScheduled = opened.state === "scheduled";
  if (isScheduled && error === null) return nothing;
  if (opened.id === null && !hasText(opened.draft)) return nothing;
  return html`<div class="kept muted small">
    <span>${error === null ? translate(opened.isDirty ? "draft_saving" : "draft_saved") : nothing}</span>
    <span role="status">${error === null ? nothing : unsaved(error, opened.isInBrowser)}</span>
    ${
      isScheduled
        ? nothing
        : html`<button class="button quiet" type="button" @click=${remove}>${translate("draft_delete")}</button>`
    }
  </div>`;
}

function unsaved(error: unknown, isInBrowser: boolean): string {
  const reason = error instanceof Problem ? firstSentence(error) : sentence(error);
  return translate(isInBrowser ? "draft_unsaved" : "draft_unsaved_anywhere", { reason });
}

/** Of a field where one is wrong. */
function firstSentence(error: Problem): string {
  const { fields, other } = mistakes(error);
  return Object.values(fields)[0] ?? other ?? sentence(error);
}

/** What became of the draft elsewhere. */
export function elsewhereNote({ elsewhere, isDirty, id }: OpenDraft) {
  if (elsewhere === null) return nothing;
  if (elsewhere.is === "changed") return note(translate("draft_changed"));
  const goesOn = isDirty || id !== null;
  if (elsewhere.is === "deleted") return note(translate(goesOn ? "draft_deleted_new" : "draft_deleted"));
  return note(
    html`${translate(goesOn ? "draft_sent_new" : "draft_sent")}
      <a href=${messagePath(elsewhere.id)}>${translate("draft_open_message")}</a>`,
  );
}

export function note(text: string | TemplateResult) {
  return html`<div class="note" role="status">${icon("info")}
    <div>${text}</div>
  </div>`;
}

/** Both versions, and the choice between them. */
export function conflictNote(opened: OpenDraft, directory: Directory, keepMine: () => void, takeTheirs: () => void) {
  const { conflict } = opened;
  if (conflict === null) return nothing;
  const when = date(conflict.draft.updated_at);
  return html`<section class="note bad conflict" role="alert" tabindex="-1" id="conflict" aria-labelledby="conflict-heading">
    ${icon("alert")}
    <div>
      <h2 id="conflict-heading">${translate("draft_conflict")}</h2>
      <p>${translate("draft_conflict_text")}</p>
      <div class="versions">
        ${version(translate("draft_mine"), opened.draft, directory, translate("draft_keep_mine"), keepMine)}
        ${version(translate("draft_theirs", { when }), theirs(conflict), directory, translate("draft_take_theirs"), takeTheirs)}
      </div>
    </div>
  </section>`;
}

function theirs({ draft }: Kept): Draft {
  return fromKept(draft);
}

function version(heading: string, draft: Draft, directory: Directory, label: string, choose: () => void) {
  const audience = toAudience(draft.selection);
  return html`<div class="version">
    <h3>${heading}</h3>
    <dl>
      <dt>${translate("compose_title")}</dt>
      <dd dir="auto">${draft.title || "–"}</dd>
      <dt>${translate("compose_body")}</dt>
      <dd dir="auto" class="body">${draft.body || "–"}</dd>
      <dt>${translate("compose_recipients")}</dt>
      <dd dir="auto">${audience ? audienceSummary(audience, directory) : translate("compose_none")}</dd>
    </dl>
    <button class="button" type="button" @click=${choose}>${label}</button>
  </div>`;
}
