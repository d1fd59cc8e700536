/** What a message that asks for an acknowledgement shows of it: until when, the button with its confirming step, and when it was done. */
import { html, nothing, type TemplateResult } from "lit/html.js";
import type { Notification } from "../api";
import { date, daysBetween, exact } from "../common/times";
import * as icons from "./icons";
import { asks } from "./state";
import type { Translate } from "./strings";

export interface AcknowledgementActions {
  /** Opens (`isStep`) or leaves the step that confirms. */
  confirm(item: Notification, isStep: boolean): void;
  acknowledge(item: Notification): void;
}

/** The confirming step, for a message as it was when the step was opened. */
export interface Step {
  readonly item: Notification;
  readonly isSaving: boolean;
}

export interface Reader {
  readonly translate: Translate;
  readonly locale: string | undefined;
  readonly now: Date;
  readonly step?: Step | undefined;
}

/** A few words with an icon; `kind` is a class. */
export function renderMark(kind: string, icon: unknown, text: string): TemplateResult {
  return html`<span class="mark ${kind}" part="mark">${icon}${text}</span>`;
}

/** Above the title. */
export function renderDue(item: Notification, isOpen: boolean, reader: Reader): TemplateResult | typeof nothing {
  const { acknowledgement } = item;
  if (acknowledgement?.acknowledged_at)
    return isOpen ? nothing : renderMark("muted", icons.check, doneText(item, reader));
  if (!acknowledgement || !asks(item)) return nothing;
  const { due_at: due } = acknowledgement;
  if (!due) return renderMark("asked", icons.important, reader.translate("acknowledgement_needed"));
  const isOverdue = new Date(due) <= reader.now;
  return renderMark(isOverdue ? "" : "asked", isOverdue ? icons.warning : icons.clock, dueText(due, reader));
}

/** In whole days of the reader's zone. */
export function dueText(due: string, { now, locale, translate }: Reader): string {
  const time = new Date(due);
  const days = daysBetween(now, time);
  if (time <= now) return days === 0 ? translate("overdue") : translate("overdue_by", { count: -days });
  if (days < 2) return translate(days === 0 ? "due_today" : "due_tomorrow");
  return translate("due_on", { date: date(time, now, locale, "long") });
}

/** Below the text. The element of the class `ask` takes the focus when it comes. */
export function renderAcknowledgement(
  item: Notification,
  reader: Reader,
  actions: AcknowledgementActions,
): TemplateResult | typeof nothing {
  const { translate, step } = reader;
  const { acknowledgement } = item;
  if (acknowledgement?.acknowledged_at) {
    return html`<p class="ask mark muted" part="mark" tabindex="-1">${icons.check}${doneText(item, reader)}</p>`;
  }
  if (!acknowledgement || !asks(item)) return nothing;
  const { statement, content_hash } = acknowledgement;
  if (step?.item.id !== item.id || step.item.acknowledgement?.content_hash !== content_hash) {
    return html`<button type="button" class="ask quiet strong" part="acknowledge" @click=${() => actions.confirm(item, true)}>
      ${translate("start_acknowledging")}
    </button>`;
  }
  const statementId = `statement-${item.id}`;
  return html`<div class="ask step" part="step" role="group" tabindex="-1" aria-labelledby=${statementId}>
    <p id=${statementId} dir="auto">${statement}</p>
    <button type="button" class="quiet strong" part="acknowledge" aria-disabled=${step.isSaving} @click=${() => actions.acknowledge(item)}>
      ${translate(step.isSaving ? "saving" : "acknowledge")}
    </button>
    ${
      step.isSaving
        ? nothing
        : html`<button type="button" class="quiet" part="action" @click=${() => actions.confirm(item, false)}>
            ${translate("not_yet")}
          </button>`
    }
  </div>`;
}

function doneText({ acknowledgement }: Notification, { translate, locale }: Reader): string {
  return translate("acknowledged_at", { time: exact(acknowledgement?.acknowledged_at ?? "", locale, "short") });
}
