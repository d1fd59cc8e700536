/** What the compose page says about its draft: that it is kept, and what became of it. Templates only. */
import { html, nothing } from "lit";
import { type Draft, hasText, mayDiffer, toMessage } from "../logic/draft";
import { translate } from "../strings";
import { icon } from "./icons";

/** Nothing before something was written. */
export function keptNote(draft: Draft, isKept: boolean, discard: () => void) {
  if (!hasText(draft)) return nothing;
  return html`<div class="kept muted small">
    <span>${translate(isKept ? "compose_kept" : "compose_not_kept")}</span>
    <button class="button quiet" type="button" @click=${discard}>${translate("compose_discard")}</button>
  </div>`;
}

/** That an attempt to send the draft got no answer. */
export function attemptNote(draft: Draft) {
  if (draft.unanswered === null) return nothing;
  const isOther = mayDiffer(draft, toMessage(draft));
  return note(translate(isOther ? "compose_unanswered_other" : "compose_unanswered"));
}

export function note(text: string) {
  return html`<div class="note" role="status">${icon("info")}
    <div>${text}</div>
  </div>`;
}
