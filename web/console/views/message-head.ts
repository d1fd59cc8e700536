/** The top of a message's page: its title, by whom and when it was sent, what can be done with it, and what became of it. Templates only. */
import { html, nothing } from "lit";
import type { Message } from "../../api";
import type { Hub } from "../hub";
import { date } from "../logic/dates";
import { copyPath } from "../logic/routes";
import { translate } from "../strings";
import { avatar } from "./avatar";
import "./followed";
import { icon } from "./icons";
import { withNames } from "./rich";
import { labels } from "./status";
import "./time";

/** `recall` is null for who may not. */
export function messageHead(message: Message, hub: Hub, recall: (() => void) | null) {
  const { id, title, sender, sent_at } = message;
  return html`<header class="page-head">
    <div class="what">
      <h1 tabindex="-1" dir="auto">${title}</h1>
      <p class="muted meta">
        ${avatar(sender.name)}<span class="unseen-text">${translate("sent_by")}</span><bdi>${sender.name}</bdi>
        <hub-time .at=${sent_at} format="date"></hub-time> ${labels(message)}
      </p>
      ${message.follows ? html`<hub-followed is-link .hub=${hub} .message=${message}></hub-followed>` : nothing}
    </div>
    <div class="actions">
      <a class="button" href=${copyPath(id)}>${icon("copy")}${translate("message_copy")}</a>
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

/** `isFresh`: it was sent from here just now. */
export function messageNote(message: Message, isFresh: boolean) {
  const text = endText(message);
  if (text === null && !isFresh) return nothing;
  return html`<div class="note">
    ${icon(text === null ? "check" : "info")}
    <div>${text ?? translate("message_fresh")}</div>
  </div>`;
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
