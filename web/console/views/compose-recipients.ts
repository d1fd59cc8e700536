/** The recipients on the compose page: a choice in the tree, or those of an earlier message who have not read or acknowledged it. Templates only. */
import { html, nothing } from "lit";
import type { Hub } from "../hub";
import type { Directory } from "../logic/directory";
import type { Draft } from "../logic/draft";
import { type Mistakes, mistakes } from "../logic/problems";
import type { Selection } from "../logic/selection";
import { translate } from "../strings";
import "./audience-picker";
import { fieldError } from "./compose-fields";
import type { Reach } from "./reach";
import "./unread-people";

export interface RecipientsField {
  draft: Draft;
  hub: Hub;
  directory: Directory;
  reach: Reach;
  mistakes: Mistakes;
  change: (selection: Selection) => void;
}

export function recipientsField(field: RecipientsField) {
  const { draft, reach } = field;
  const uncounted = reach.state === "failed" ? mistakes(reach.error).fields.audience : undefined;
  const error = field.mistakes.fields.audience ?? uncounted;
  return html`<fieldset aria-describedby=${error ? "audience-error" : nothing}>
    <legend class="label">${translate("compose_recipients")}</legend>
    ${fieldError("audience", error)} ${draft.follows === null ? picker(field) : unreadPeople(field, draft.follows)}
  </fieldset>`;
}

function picker({ draft, directory, change }: RecipientsField) {
  return html`<hub-audience-picker
    id="audience"
    .directory=${directory}
    .selection=${draft.selection}
    @selection-change=${(event: CustomEvent<Selection>) => change(event.detail)}
  ></hub-audience-picker>`;
}

function unreadPeople({ draft, hub, directory, reach }: RecipientsField, messageId: string) {
  return html`<hub-unread-people
    id="audience"
    tabindex="-1"
    .hub=${hub}
    .directory=${directory}
    .messageId=${messageId}
    .only=${draft.only}
    .reach=${reach}
  ></hub-unread-people>`;
}
