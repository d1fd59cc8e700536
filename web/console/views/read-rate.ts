/**
 * How many of its recipients have read a message; the others can be reminded, unless it asks for an acknowledgement. Templates only.
 */
import { html, nothing } from "lit";
import type { Message, SentMessage } from "../../api";
import type { Hub } from "../hub";
import { percent, reached } from "../logic/wording";
import { translate } from "../strings";
import "./reminder";

type Progress = Message & Partial<Pick<SentMessage, "read_count" | "seen_count">>;

export function readRate(message: Progress, hub: Hub) {
  const { recipient_count: all, read_count: read, seen_count: seen } = message;
  return html`<section class="card pad" aria-labelledby="read-rate">
    <h2 id="read-rate">${translate("message_read")}</h2>
    ${
      all === null
        ? html`<p class="muted">${reached(message)}</p>`
        : html`${typeof read === "number" ? readers(read, all) : nothing}
          ${typeof seen === "number" ? html`<p class="muted small">${translate("message_seen_by", { count: seen })}</p>` : nothing}
          ${delivery(message, all)}`
    }
    ${message.acknowledgement ? nothing : html`<hub-reminder .hub=${hub} .message=${message}></hub-reminder>`}
  </section>`;
}

function readers(read: number, all: number) {
  return html`<p class="figure">${translate("message_percent", { percent: percent(read, all) })}</p>
    ${bar(translate("message_read"), read, all)}
    <p>${translate("message_read_by", { read, count: all })}</p>`;
}

/** Nothing once it is recalled: recipients no longer have it. */
function delivery({ status, delivered_count: delivered }: Message, all: number) {
  if (status === "recalled") return nothing;
  if (status === "sent")
    return html`<p class="muted small">${translate("message_delivered", { count: delivered })}</p>`;
  return html`<p class="muted small">${translate("message_delivering", { part: delivered, whole: all })}</p>
    ${bar(translate("message_delivery_bar"), delivered, all)}`;
}

export function bar(label: string, part: number, whole: number) {
  const text = translate("message_part", { part, whole });
  return html`<progress aria-label=${label} aria-valuetext=${text} max=${Math.max(1, whole)} .value=${part}></progress>`;
}
