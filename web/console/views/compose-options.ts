/** The options of the compose page: category, priority, and until when the message is shown. Templates only. */
import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { zoneName } from "../logic/dates";
import {
  categoryName,
  fromLocal,
  MAX_PINNED_DAYS,
  type Options,
  suggest,
  type TimeOption,
  toLocal,
} from "../logic/options";
import type { Mistakes } from "../logic/problems";
import { translate } from "../strings";
import { fieldError } from "./compose-fields";

export interface OptionFields {
  options: Options;
  /** Those of the platform. */
  categories: readonly string[];
  mistakes: Mistakes;
  change: <Name extends keyof Options>(name: Name, value: Options[Name]) => void;
}

/** A date field takes no year of more than four digits with it. */
const LATEST = "9999-12-31T23:59";

export function optionFields(fields: OptionFields) {
  const { options, mistakes, change } = fields;
  const hasTime = options.pinned_until !== null || options.expires_at !== null;
  return html`<fieldset class="options">
    <legend class="label">${translate("options")}</legend>
    ${category(fields)}
    <div>
      ${fieldError("priority", mistakes.fields.priority)}
      ${checkbox("priority", options.priority === "important", "options_important", (isOn) => change("priority", isOn ? "important" : "normal"))}
      <p class="muted small hint" id="priority-hint">${translate("options_important_hint")}</p>
    </div>
    ${time(fields, "pinned_until")} ${time(fields, "expires_at")}
    ${hasTime ? html`<p class="muted small" id="own-zone">${translate("options_zone", { zone: zoneName() })}</p>` : nothing}
  </fieldset>`;
}

function category({ options, categories, mistakes, change }: OptionFields) {
  const error = mistakes.fields.category;
  const choose = (event: Event) => change("category", (event.target as HTMLSelectElement).value || null);
  return html`<div class="field">
    <label class="label" for="category">${translate("options_category")}</label>
    ${fieldError("category", error)}
    <select
      id="category"
      aria-invalid=${error ? "true" : "false"}
      aria-describedby=${error ? "category-error" : nothing}
      @change=${choose}
    >
      <option value="" ?selected=${options.category === null}>${translate("options_no_category")}</option>
      ${categories.map(
        (one) => html`<option value=${one} ?selected=${one === options.category}>${categoryName(one)}</option>`,
      )}
    </select>
  </div>`;
}

const TIMES = {
  pinned_until: { on: "options_pin", hint: "options_pin_hint", field: "options_pin_until" },
  expires_at: { on: "options_expire", hint: "options_expire_hint", field: "options_expire_on" },
} as const;

/** A checkbox, and once it is checked the field for the time. */
function time({ options, mistakes, change }: OptionFields, name: TimeOption) {
  const texts = TIMES[name];
  const value = options[name];
  const error = mistakes.fields[name];
  const now = new Date();
  return html`<div>
    ${checkbox(`${name}-on`, value !== null, texts.on, (isOn) => change(name, isOn ? suggest(name, now) : null))}
    <p class="muted small hint" id="${name}-on-hint">${translate(texts.hint, { days: MAX_PINNED_DAYS })}</p>
    ${
      value === null
        ? nothing
        : html`<div class="field time">
          <label class="unseen-text" for=${name}>${translate(texts.field)}</label>
          ${fieldError(name, error)}
          <input
            id=${name}
            type="datetime-local"
            min=${toLocal(now.toISOString())}
            max=${LATEST}
            aria-required="true"
            aria-invalid=${error ? "true" : "false"}
            aria-describedby=${error ? `${name}-error own-zone` : "own-zone"}
            .value=${live(toLocal(value))}
            @input=${(event: Event) => change(name, fromLocal((event.target as HTMLInputElement).value))}
          />
        </div>`
    }
  </div>`;
}

function checkbox(
  id: string,
  isOn: boolean,
  label: "options_important" | "options_pin" | "options_expire",
  change: (isOn: boolean) => void,
) {
  return html`<label class="check">
    <input
      id=${id}
      type="checkbox"
      aria-describedby="${id}-hint"
      .checked=${live(isOn)}
      @change=${(event: Event) => change((event.target as HTMLInputElement).checked)}
    />
    ${translate(label)}
  </label>`;
}
