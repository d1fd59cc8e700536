/** The top of a message's page: its title, by whom and when it was sent, what can be done with it, and what became of it. Templates only. */
import { html, nothing } from "lit";
import type { Message } from "../../api";
import type { Hub } from "../hub";
import { date } from "../logic/dates";
import { followUpSentence } from "../logic/follow-ups";
import { copyPath, correctionPath } from "../logic/routes";
import { translate } from "../strings";
import { avatar } from "./avatar";
import { icon } from "./icons";
import { reference } from "./message-reference";
import { withNames } from "./rich";
import { labels } from "./status";
import "./time";

/** `recall` is null for who may not; they may not correct it either. */
export function messageHead(message: Message, hub: Hub, recall: (() => void) | null) {
  const { id, title, audience, sender, sent_at, follows, supersedes, superseded_at } = message;
  return html`<header class="page-head">
    <div class="what">
      <h1 tabindex="-1" dir="auto">${title}</h1>
      <p class="muted meta">
        ${avatar(sender.name)}<span class="unseen-text">${translate("sent_by")}</span><bdi>${sender.name}</bdi>
        <hub-time .at=${sent_at} format="date"></hub-time> ${labels(message)}
      </p>
      ${reference(hub, follows, followUpSentence(message), true)} ${reference(hub, supersedes, "correction_of", true)}
      ${audience.out_of_reach ? html`<p class="small muted">${withNames("follow_up_part", { name: sender.name })}</p>` : nothing}
    </div>
    <div class="actions">
      <a class="button" href=${copyPath(id)}>${icon("copy")}${translate("message_copy")}</a>
      ${
        recall === null || superseded_at !== null
          ? nothing
          : html`<a class="button" href=${correctionPath(id)}>${icon("compose")}${translate("correction")}</a>`
      }
      ${
        recall === null
          ? nothing
          : html`<button class="button danger" type="button" @click=${recall}>
            ${icon("recall")}${translate("message_recall")}
          </button>`
      }
    </div>
  </header>`;
}

/** What it changes of the message that it replaces. */
export function change({ change_summary }: Message) {
  if (change_summary === null) return nothing;
  return html`<div class="change">
    <h2>${translate("correction_summary")}</h2>
    <p dir="auto">${change_summary}</p>
  </div>`;
}

/** `isFresh`: it was sent from here just now. */
export function messageNote(message: Message, hub: Hub, isFresh: boolean) {
  const text = endText(message) ?? replacedText(message, hub);
  if (text === null && !isFresh) return nothing;
  return html`<div class="note">
    ${icon(text === null ? "check" : "info")}
    <div>${text ?? translate("message_fresh")}</div>
  </div>`;
}

function replacedText({ superseded_at, superseded_by, acknowledgement }: Message, hub: Hub) {
  if (superseded_at === null || superseded_by === null) return null;
  return html`<hub-message-reference
      is-link
      .hub=${hub}
      .messageId=${superseded_by}
      .sentence=${"correction_replaced_by"}
      .values=${{ date: date(superseded_at) }}
    ></hub-message-reference>
    ${acknowledgement === null ? nothing : html`<p>${translate("correction_replaced_effect")}</p>`}`;
}

/** Why its recipients do not see it any more; null while they do. */
function endText({ status, expired, expires_at, entries_dropped, recalled_at, recalled_by }: Message) {
  if (status === "recalled" && recalled_at) {
    const values = { date: date(recalled_at) };
    if (recalled_by === null) return translate("message_recalled_by_unknown", values);
    return withNames("message_recalled", { name: recalled_by.name }, values);
  }
  if (entries_dropped) return translate("message_dropped");
  return expired && expires_at ? translate("message_expired", { date: date(expires_at) }) : null;
}
