/** One notification in the panel: a line to open, and once open the whole text and what can be done with it. */
import { html, nothing, type TemplateResult } from "lit/html.js";
import type { Notification } from "../api";
import { initials } from "../common/initials";
import { LINK_REL, split } from "../common/links";
import { exact, relative } from "../common/times";
import {
  type AcknowledgementActions,
  type Reader as AcknowledgementReader,
  renderAcknowledgement,
  renderDue,
  renderMark,
} from "./acknowledgement";
import * as icons from "./icons";
import { asks } from "./state";
import { categoryName, type Translate } from "./strings";

export interface ItemActions extends AcknowledgementActions {
  toggle(item: Notification): void;
  markUnread(item: Notification): void;
  archive(item: Notification, isArchived: boolean): void;
}

export interface Reader extends AcknowledgementReader {
  /** Whether folded messages name their category too. */
  readonly namesCategories?: boolean;
  /** What a message that asks for an acknowledgement leads on to, if anything. */
  readonly followUp?: FollowUp | undefined;
}

export interface FollowUp {
  readonly text: string;
  href(id: string): string;
}

/**
 * What stands in the element of a notification, whose classes are `item`, and `unread` and `open` where it is; with `feedStyles`. A
 * preview renders it with actions that do nothing.
 */
export function renderItem(item: Notification, isOpen: boolean, reader: Reader, actions: ItemActions): TemplateResult {
  const { translate, locale, now } = reader;
  const isUnread = item.read_at === null;
  const category = isOpen || reader.namesCategories ? item.category : null;
  const sender = item.sender.name;
  const textId = `text-${item.id}`;
  return html`
    <span class="avatar" part="avatar" aria-hidden="true" translate="no">${initials(sender)}</span>
    <h3 class="title">
      <button type="button" class="opener" aria-expanded=${isOpen} aria-controls=${textId} @click=${() => actions.toggle(item)}>
        ${isUnread ? html`<span class="dot" part="dot"></span><span class="hidden">${translate("unread_message")} </span>` : nothing}
        ${item.priority === "important" ? renderMark("", icons.important, translate("important")) : nothing}
        ${item.expired ? renderMark("muted", icons.clock, translate("is_expired")) : nothing}
        ${item.superseded ? renderMark("muted", icons.replaced, translate("superseded")) : nothing}
        ${renderDue(item, isOpen, reader)}
        <span dir="auto" part="title">${item.title}</span>
        ${icons.chevron}
      </button>
    </h3>
    <p class="about">
      <bdi>${sender}</bdi>
      <span aria-hidden="true">·</span>
      <time datetime=${item.sent_at} title=${exact(item.sent_at, locale)}>
        ${isOpen ? exact(item.sent_at, locale, "short") : relative(item.sent_at, now, locale)}
      </time>
      ${category !== null ? html`<span aria-hidden="true">·</span> <bdi>${categoryName(category, translate)}</bdi>` : nothing}
    </p>
    ${
      isOpen && item.change_summary !== null
        ? html`<div class="summary" part="summary">
            <p>${translate("supersedes")}</p>
            <p dir="auto">${item.change_summary}</p>
          </div>`
        : nothing
    }
    <div class="text" id=${textId} part="text" dir="auto">${isOpen ? renderBody(item.body, translate) : item.body}</div>
    ${isOpen ? renderAcknowledgement(item, reader, actions) : nothing}
    ${isOpen && !item.expired ? renderActions(item, reader, actions) : nothing}
  `;
}

function renderBody(body: string, translate: Translate) {
  return split(body).map((part) =>
    part.kind === "text"
      ? part.text
      : html`<a href=${part.href} target="_blank" rel=${LINK_REL} part="link"
          >${part.text}<span class="hidden"> ${translate("opens_in_new_tab")}</span></a
        >`,
  );
}

function renderActions(item: Notification, { translate, followUp }: Reader, actions: ItemActions): TemplateResult {
  const isArchived = item.archived_at !== null;
  return html`<div class="actions">
    ${
      isArchived
        ? nothing
        : html`<button type="button" class="quiet" part="action" @click=${() => actions.markUnread(item)}>
            ${icons.envelope}${translate("mark_unread")}
          </button>`
    }
    ${
      asks(item)
        ? nothing
        : html`<button type="button" class="quiet" part="action" @click=${() => actions.archive(item, !isArchived)}>
            ${icons.archive}${translate(isArchived ? "unarchive" : "archive")}
          </button>`
    }
    ${
      followUp && item.acknowledgement !== null
        ? html`<a class="quiet" part="action" href=${followUp.href(item.id)}>${icons.check}${followUp.text}</a>`
        : nothing
    }
  </div>`;
}
