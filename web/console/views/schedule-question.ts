/** The question when a message is to be sent: the time in its zone, and what is sent then. Templates only. */
import { html, nothing } from "lit";
import { type Choice, type ChoiceErrors, choiceText, latestHours } from "../logic/schedules";
import { zones } from "../logic/zones";
import { translate } from "../strings";
import { fieldError } from "./compose-fields";
import { type Reviewed, summary } from "./compose-review";
import "./confirmation";

export interface ScheduleQuestion {
  choice: Choice;
  /** What is wrong with it, by field. */
  errors: ChoiceErrors;
  /** What else stands against scheduling. */
  failure: string;
  isBusy: boolean;
  change: (change: Partial<Choice>) => void;
  confirm: () => void;
  cancel: () => void;
}

/** `question` is null while nothing is asked. */
export function scheduleQuestion(question: ScheduleQuestion | null, review: Reviewed) {
  const isBusy = question?.isBusy ?? false;
  return html`<hub-confirmation
    heading=${translate("schedule_heading")}
    yes=${translate(isBusy ? "schedule_scheduling" : "schedule_yes")}
    no=${translate("compose_keep_editing")}
    .open=${question !== null}
    .busy=${isBusy}
    .error=${question?.failure ?? ""}
    @confirm=${question?.confirm}
    @cancel=${question?.cancel}
  >
    ${question ? html`${fields(question)} ${summary(review, translate("schedule_recounted"))}` : nothing}
  </hub-confirmation>`;
}

function fields({ choice, errors, change }: ScheduleQuestion) {
  const { local, zone, hours } = choice;
  return html`<div class="schedule">
    <div class="field">
      <label class="label" for="local">${translate("schedule_time")}</label>
      ${fieldError("local", errors.local)}
      <input
        id="local"
        type="datetime-local"
        max="9999-12-31T23:59"
        aria-required="true"
        aria-invalid=${errors.local ? "true" : "false"}
        aria-describedby=${errors.local ? "local-error moment" : "moment"}
        .value=${local}
        @input=${(event: Event) => change({ local: entered(event) })}
      />
    </div>
    <div class="field">
      <label class="label" for="zone">${translate("schedule_zone")}</label>
      ${fieldError("zone", errors.zone)}
      <select
        id="zone"
        aria-invalid=${errors.zone ? "true" : "false"}
        aria-describedby=${errors.zone ? "zone-error" : nothing}
        @change=${(event: Event) => change({ zone: entered(event) })}
      >
        ${zones(zone).map((one) => html`<option value=${one} ?selected=${one === zone}>${one.replaceAll("_", " ")}</option>`)}
      </select>
    </div>
    <p class="moment" id="moment" role="status">${choiceText(choice)}</p>
    <div class="field">
      <label class="label" for="hours">${translate("schedule_latest")}</label>
      ${fieldError("hours", errors.hours)}
      <select
        id="hours"
        aria-invalid=${errors.hours ? "true" : "false"}
        aria-describedby=${errors.hours ? "hours-error" : nothing}
        @change=${(event: Event) => change({ hours: Number(entered(event)) })}
      >
        ${latestHours(hours).map(
          (count) => html`<option value=${count} ?selected=${count === hours}>
            ${translate("schedule_latest_hours", { count })}
          </option>`,
        )}
      </select>
    </div>
  </div>`;
}

function entered(event: Event): string {
  return (event.target as HTMLInputElement | HTMLSelectElement).value;
}
