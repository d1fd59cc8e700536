/** The rows of the list of sent messages, under their dates. Templates only. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { ListedMessage } from "../../api";
import type { Hub } from "../hub";
import { acknowledgedText, outstandingText } from "../logic/acknowledging";
import { date, groupByDate } from "../logic/dates";
import type { Directory } from "../logic/directory";
import { followUpSentence } from "../logic/follow-ups";
import { messagePath } from "../logic/routes";
import { audienceSummary, percent, reached } from "../logic/wording";
import { translate } from "../strings";
import { avatar } from "./avatar";
import { reference } from "./message-reference";
import { type Label, labels } from "./status";
import "./time";

export function sentRows(messages: readonly ListedMessage[], directory: Directory, hub: Hub) {
  return html`${columnHeadings()}
    ${repeat(
      groupByDate(messages, new Date()),
      ({ heading }) => heading,
      ({ heading, items }) => html`<h2 class="date">${heading}</h2>
        <ul class="rows">
          ${repeat(
            items,
            ({ id }) => id,
            (message) => row(message, directory, hub),
          )}
        </ul>`,
    )}`;
}

/** For the eye: each row names its parts for screen readers. */
function columnHeadings() {
  return html`<div class="headings muted small" aria-hidden="true">
    <span class="what">${translate("sent_column_message")}</span>
    <span class="to">${translate("sent_column_recipients")}</span>
    <span class="rate">${translate("sent_column_read")}</span>
    <span class="from">${translate("sent_column_sender")}</span>
  </div>`;
}

function row(message: ListedMessage, directory: Directory, hub: Hub) {
  const { id, title, body, audience, sender, sent_at } = message;
  return html`<li class="row">
    <div class="what">
      <h3 dir="auto"><a href=${messagePath(id)} data-id=${id} title=${date(sent_at)}>${title}</a></h3>
      <p class="muted small excerpt" dir="auto">${body}</p>
      ${reference(hub, message.follows, followUpSentence(message))} ${reference(hub, message.supersedes, "correction_of")} ${labels(message, acknowledged(message))}
    </div>
    <div class="to">
      <p><span class="unseen-text">${translate("sent_label_recipients")}</span>${audienceSummary(audience, directory)}</p>
      <p class="muted small">${reached(message)}</p>
    </div>
    <p class="rate">${readRate(message)}</p>
    <p class="from">
      ${avatar(sender.name)}<span class="unseen-text">${translate("sent_by")}</span><bdi>${sender.name}</bdi>
    </p>
    <p class="when muted small"><hub-time .at=${sent_at} format="in-group"></hub-time></p>
  </li>`;
}

/** How far it is acknowledged, where it asks for that. */
function acknowledged({ acknowledgements: numbers }: ListedMessage): Label[] {
  if (!numbers) return [];
  const overdue = numbers.overdue > 0 ? outstandingText(numbers) : null;
  return [
    { kind: "", picture: "check", text: acknowledgedText(numbers) },
    ...(overdue === null ? [] : [{ kind: "overdue", picture: "alert" as const, text: overdue }]),
  ];
}

/** Nothing while recipients are being counted, and once readers are no longer known. */
function readRate({ recipient_count: all, read_count: read }: ListedMessage) {
  return all === null || read === null ? nothing : translate("sent_read", { percent: percent(read, all) });
}
