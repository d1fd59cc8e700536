/** What the compose page asks about an acknowledgement: the statement, until when, and the reminders before. Templates only. */
import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import {
  type Asked,
  BEGINNING,
  DUES,
  type Due,
  dueOf,
  MAX_DUE_DAYS,
  reminderChoices,
  reminderText,
  withDue,
  withReminder,
} from "../logic/acknowledgement";
import { zoneName } from "../logic/dates";
import { fromLocal, toLocal } from "../logic/options";
import type { Mistakes } from "../logic/problems";
import { translate } from "../strings";
import { fieldError } from "./compose-fields";

export interface AcknowledgementFields {
  /** Null: none is asked for. */
  asked: Asked | null;
  mistakes: Mistakes;
  statement: TemplateResult;
  change: (asked: Asked | null) => void;
}

export function acknowledgementFields({ asked, mistakes, statement, change }: AcknowledgementFields) {
  return html`<fieldset class="options">
    <legend class="label">${translate("acknowledgement")}</legend>
    <div>
      <label class="check">
        <input
          id="acknowledgement"
          type="checkbox"
          aria-describedby="acknowledgement-hint"
          .checked=${live(asked !== null)}
          @change=${(event: Event) => change(isChecked(event) ? BEGINNING : null)}
        />
        ${translate("acknowledgement_ask")}
      </label>
      <p class="muted small hint" id="acknowledgement-hint">${translate("acknowledgement_ask_hint")}</p>
    </div>
    ${asked === null ? nothing : html`<div class="asked">${statement} ${due(asked, mistakes, change)} ${reminders(asked, mistakes, change)}</div>`}
  </fieldset>`;
}

type Change = (asked: Asked) => void;

function due(asked: Asked, mistakes: Mistakes, change: Change) {
  const chosen = dueOf(asked);
  return html`<fieldset class="choices">
    <legend class="label">${translate("acknowledgement_due")}</legend>
    ${DUES.map(
      (one) => html`<label class="check">
          <input
            type="radio"
            name="due"
            .checked=${live(one === chosen)}
            @change=${() => change(withDue(asked, one, new Date()))}
          />
          ${translate(`acknowledgement_due_${one}`)}
        </label>
        ${one === chosen ? moment(one, asked, mistakes, change) : nothing}`,
    )}
  </fieldset>`;
}

function moment(chosen: Due, asked: Asked, { fields }: Mistakes, change: Change) {
  if (chosen === "none") return nothing;
  const name = chosen === "days" ? "due_in_days" : "due_at";
  const error = fields[name];
  return html`<div class="field time">
    <label class="unseen-text" for=${name}>
      ${translate(chosen === "days" ? "acknowledgement_days" : "acknowledgement_date")}
    </label>
    ${fieldError(name, error)} ${chosen === "days" ? days(asked, error, change) : date(asked, error, change)}
  </div>`;
}

function days(asked: Asked, error: string | undefined, change: Change) {
  return html`<div class="days">
    <input
    id="due_in_days"
    type="number"
    inputmode="numeric"
    min="1"
    max=${MAX_DUE_DAYS}
    aria-required="true"
    aria-invalid=${error ? "true" : "false"}
    aria-describedby=${error ? "due_in_days-error" : nothing}
    .value=${live(asked.due_in_days ? String(asked.due_in_days) : "")}
    @input=${(event: Event) => change({ ...asked, due_in_days: Number(entered(event)) })}
  />
    <span aria-hidden="true">${translate("acknowledgement_days_unit", { count: asked.due_in_days ?? 0 })}</span>
  </div>`;
}

function date(asked: Asked, error: string | undefined, change: Change) {
  return html`<input
      id="due_at"
      type="datetime-local"
      min=${toLocal(new Date().toISOString())}
      aria-required="true"
      aria-invalid=${error ? "true" : "false"}
      aria-describedby=${error ? "due_at-error due-zone" : "due-zone"}
      .value=${live(toLocal(asked.due_at ?? ""))}
      @input=${(event: Event) => change({ ...asked, due_at: fromLocal(entered(event)) })}
    />
    <p class="muted small" id="due-zone">${translate("options_zone", { zone: zoneName() })}</p>`;
}

/** Nothing without a due date. */
function reminders(asked: Asked, { fields }: Mistakes, change: Change) {
  if (dueOf(asked) === "none") return nothing;
  const error = fields.remind_days_before;
  return html`<fieldset
    class="choices"
    id="remind_days_before"
    tabindex="-1"
    aria-describedby="${error ? "remind_days_before-error " : ""}reminders-hint"
  >
    <legend class="label">${translate("acknowledgement_reminders")}</legend>
    ${fieldError("remind_days_before", error)}
    <div class="row">
      ${reminderChoices(asked).map(
        (one) => html`<label class="check">
          <input
            type="checkbox"
            .checked=${live(asked.remind_days_before.includes(one))}
            @change=${(event: Event) => change(withReminder(asked, one, isChecked(event)))}
          />
          ${reminderText(one)}
        </label>`,
      )}
    </div>
    <p class="muted small" id="reminders-hint">${translate("acknowledgement_reminders_hint")}</p>
  </fieldset>`;
}

function isChecked(event: Event): boolean {
  return (event.target as HTMLInputElement).checked;
}

function entered(event: Event): string {
  return (event.target as HTMLInputElement).value;
}
