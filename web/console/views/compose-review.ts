/** The question whether to send what is shown, with a review of the message. Templates only. */
import { html, nothing } from "lit";
import type { NewMessage } from "../../api";
import { split } from "../../common/links";
import type { Hub } from "../hub";
import type { Directory } from "../logic/directory";
import { NO_OPTIONS } from "../logic/options";
import { ATTEMPTS } from "../logic/retries";
import { audienceSummary } from "../logic/wording";
import { translate } from "../strings";
import { reachText } from "./compose-footer";
import "./confirmation";
import { icon } from "./icons";
import { askedTerms, optionTerms, term } from "./option-terms";
import { preview } from "./preview";
import type { Reach } from "./reach";
import type { Sender } from "./sender";
import "./unread-people";

/** What is reviewed. */
export interface Reviewed {
  /** Null while it has no recipients. */
  message: NewMessage | null;
  hub: Hub;
  directory: Directory;
  reach: Reach;
}

export interface Review extends Reviewed {
  isOpen: boolean;
  sender: Sender;
  /** Why the last attempt did not succeed, for a passing reason. */
  failure: string;
  confirm: () => void;
  cancel: () => void;
}

export function reviewQuestion(review: Review) {
  const { isOpen, sender, failure, confirm, cancel } = review;
  const { isSending, attempt } = sender;
  const yes = isSending ? "compose_sending" : failure ? "compose_try_again" : "compose_send";
  return html`<hub-confirmation
    heading=${translate("compose_ask_send")}
    yes=${translate(yes)}
    no=${translate(isSending ? "compose_stop" : "compose_keep_editing")}
    progress=${attempt > 1 ? translate("compose_still_trying", { attempt, attempts: ATTEMPTS }) : translate("compose_sending")}
    .open=${isOpen}
    .busy=${isSending}
    .error=${failure}
    @confirm=${confirm}
    @cancel=${cancel}
  >
    ${isOpen ? summary(review, translate("compose_consequence")) : nothing}
  </hub-confirmation>`;
}

/** The message as its recipients will see it, with who they are and what `consequence` says about sending it. */
export function summary(reviewed: Reviewed, consequence: string) {
  const { message, directory, reach } = reviewed;
  if (message === null) return nothing;
  const { title, body, change_summary, acknowledgement } = message;
  const options = { ...NO_OPTIONS, ...message };
  const links = split(body).filter((part) => part.kind === "link");
  return html`<div class="reach">${icon("people")}<p translate="no">${reachText(reach)}</p></div>
    <dl>
      <dt>${translate("compose_recipients")}</dt>
      <dd dir="auto">${recipients(message, reviewed)}</dd>
      ${term("correction_summary", change_summary ?? null)} ${optionTerms(options)} ${askedTerms(acknowledgement ?? null)}
    </dl>
    ${preview({
      ...{ title, body, options, asked: acknowledgement ?? null, summary: change_summary ?? null },
      sender: directory.audiences.viewer.name,
    })}
    ${
      links.length > 0
        ? html`<dl class="links">
          <dt>${translate("compose_links", { count: links.length })}</dt>
          ${links.map(({ href }) => html`<dd dir="ltr">${href}</dd>`)}
        </dl>`
        : nothing
    }
    <p class="muted">${consequence}</p>`;
}

function recipients({ audience, follows, only }: NewMessage, { hub, directory, reach }: Reviewed) {
  if (!follows) return audience ? audienceSummary(audience, directory) : nothing;
  return html`<hub-unread-people
    is-brief
    .hub=${hub}
    .directory=${directory}
    .messageId=${follows}
    .only=${only}
    .reach=${reach}
  ></hub-unread-people>`;
}
