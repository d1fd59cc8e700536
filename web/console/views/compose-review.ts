/** The questions of the compose page: whether to send what is shown, and whether to discard the draft. Templates only. */
import { html, nothing } from "lit";
import type { NewMessage } from "../../api";
import { split } from "../../common/links";
import type { Hub } from "../hub";
import type { DraftState } from "../hub-drafts";
import type { Directory } from "../logic/directory";
import { NO_OPTIONS } from "../logic/options";
import { ATTEMPTS } from "../logic/retries";
import { audienceSummary } from "../logic/wording";
import { translate } from "../strings";
import { reachText } from "./compose-footer";
import "./confirmation";
import { icon } from "./icons";
import { optionTerms } from "./option-terms";
import "./preview";
import type { Reach } from "./reach";
import type { Sender } from "./sender";
import "./unread-people";

export interface Review {
  /** What is sent; null while nothing is asked. */
  message: NewMessage | null;
  hub: Hub;
  directory: Directory;
  reach: Reach;
  sender: Sender;
  /** Why the last attempt did not succeed, for a passing reason. */
  failure: string;
  confirm: () => void;
  cancel: () => void;
}

export function reviewQuestion(review: Review) {
  const { message, sender, failure, confirm, cancel } = review;
  const { isSending, attempt } = sender;
  const yes = isSending ? "compose_sending" : failure ? "compose_try_again" : "compose_send";
  return html`<hub-confirmation
    heading=${translate("compose_ask_send")}
    yes=${translate(yes)}
    no=${translate(isSending ? "compose_stop" : "compose_keep_editing")}
    progress=${attempt > 1 ? translate("compose_still_trying", { attempt, attempts: ATTEMPTS }) : translate("compose_sending")}
    .open=${message !== null}
    .busy=${isSending}
    .error=${failure}
    @confirm=${confirm}
    @cancel=${cancel}
  >
    ${message === null ? nothing : summary(message, review)}
  </hub-confirmation>`;
}

function summary(message: NewMessage, review: Review) {
  const { title, body } = message;
  const { directory, reach } = review;
  const options = { ...NO_OPTIONS, ...message };
  const links = split(body).filter((part) => part.kind === "link");
  return html`<div class="reach">${icon("people")}<p translate="no">${reachText(reach)}</p></div>
    <dl>
      <dt>${translate("compose_recipients")}</dt>
      <dd dir="auto">${recipients(message, review)}</dd>
      ${optionTerms(options)}
    </dl>
    <hub-preview
      .heading=${title}
      .body=${body}
      .sender=${directory.audiences.viewer.name}
      .options=${options}
    ></hub-preview>
    ${
      links.length > 0
        ? html`<dl class="links">
          <dt>${translate("compose_links", { count: links.length })}</dt>
          ${links.map(({ href }) => html`<dd dir="ltr">${href}</dd>`)}
        </dl>`
        : nothing
    }
    <p class="muted">${translate("compose_consequence")}</p>`;
}

function recipients({ audience, follows }: NewMessage, { hub, directory, reach }: Review) {
  if (!follows) return audience ? audienceSummary(audience, directory) : nothing;
  return html`<hub-unread-people
    is-brief
    .hub=${hub}
    .directory=${directory}
    .messageId=${follows}
    .reach=${reach}
  ></hub-unread-people>`;
}

export function discardQuestion(state: DraftState | null, failure: string, confirm: () => void, cancel: () => void) {
  const isScheduled = state === "scheduled";
  return html`<hub-confirmation
    heading=${translate(isScheduled ? "draft_ask_cancel" : "compose_ask_discard")}
    yes=${translate(isScheduled ? "draft_cancel_yes" : "compose_discard_yes")}
    no=${translate(isScheduled ? "draft_delete_no" : "compose_discard_no")}
    danger
    .open=${state !== null}
    .error=${failure}
    @confirm=${confirm}
    @cancel=${cancel}
  >
    ${translate(isScheduled ? "draft_cancel_text" : "compose_discard_consequence")}
  </hub-confirmation>`;
}
