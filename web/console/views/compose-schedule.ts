/** What the compose page says about a draft that is scheduled, or was and did not go out, with what can be done. Templates only. */
import { html, nothing } from "lit";
import type { KeptDraft } from "../../api";
import { date } from "../logic/dates";
import type { OpenDraft } from "../logic/open-draft";
import { adjustedText, momentText } from "../logic/schedules";
import { ownZone, timeIn } from "../logic/zones";
import { translate } from "../strings";
import { icon } from "./icons";

export interface ScheduleActions {
  readonly save: () => void;
  readonly changeTime: () => void;
  readonly unschedule: () => void;
}

export function scheduleNote(opened: OpenDraft, actions: ScheduleActions) {
  const { kept } = opened;
  if (!kept) return nothing;
  if (kept.state === "scheduled") return scheduled(opened, kept, actions);
  const text = endText(kept);
  if (!text) return nothing;
  return html`<div class="note bad" role="status">${icon("alert")}<div>${text}</div></div>`;
}

function scheduled({ isDirty }: OpenDraft, kept: KeptDraft, { save, changeTime, unschedule }: ScheduleActions) {
  const { send_at, time_zone, not_after, adjusted } = kept;
  if (!send_at || !not_after) return nothing;
  const when = momentText(new Date(send_at), time_zone ?? ownZone());
  const button = (label: string, run: () => void, kind = "") =>
    html`<button class="button ${kind}" type="button" @click=${run}>${label}</button>`;
  return html`<div class="note scheduled" role="status" tabindex="-1" id="scheduled">
    ${icon("clock")}
    <div>
      <p><strong>${translate("draft_scheduled", { when })}</strong> ${adjustedText(adjusted)}</p>
      <p>
        ${translate("draft_latest", { when: timeIn(new Date(not_after), ownZone()) })}
        ${translate(isDirty ? "draft_scheduled_dirty" : "draft_scheduled_edit")}
      </p>
      <p class="actions">
        ${isDirty ? button(translate("draft_save_changes"), save, "primary") : nothing}
        ${button(translate("schedule_change"), changeTime)} ${button(translate("draft_unschedule"), unschedule, "danger")}
      </p>
    </div>
  </div>`;
}

function endText({ state, send_at, updated_at, reason, detail }: KeptDraft): string {
  if (state === "cancelled") return translate("draft_cancelled");
  const when = date(send_at ?? updated_at);
  if (state === "missed") return translate("draft_missed", { when });
  return state === "failed" ? translate("draft_failed", { when, reason: detail ?? reason ?? "" }) : "";
}
