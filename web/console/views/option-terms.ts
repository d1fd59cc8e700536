/** What a sender added to a message, as terms of a list. Templates only. */
import { html, nothing } from "lit";
import { dueText, reminderText } from "../logic/acknowledgement";
import { date } from "../logic/dates";
import { categoryName, type Options, type TimeOption } from "../logic/options";
import { type Strings, translate } from "../strings";

export function optionTerms(options: Options) {
  const { category, priority } = options;
  return [
    term("options_category", category && categoryName(category)),
    term("options_priority", priority === "important" ? translate("options_important") : null),
    timeTerms(options),
  ];
}

interface Asking {
  readonly statement?: string;
  readonly due_at?: string | null;
  readonly due_in_days?: number | null;
  readonly remind_days_before?: readonly number[];
}

/** What recipients are asked to confirm, until when, and when they are reminded. */
export function askedTerms(asking: Asking | null) {
  if (asking === null) return nothing;
  const { statement = "", due_at = null, due_in_days = null, remind_days_before = [] } = asking;
  const reminders = remind_days_before.map(reminderText).join(", ");
  return [
    term("acknowledgement_statement", statement),
    term("acknowledgement_due", dueText({ due_at, due_in_days })),
    term("acknowledgement_reminders", reminders || null),
  ];
}

export function timeTerms({ pinned_until, expires_at }: Pick<Options, TimeOption>) {
  return [
    term("options_pin_until", pinned_until && date(pinned_until)),
    term("options_expire_on", expires_at && date(expires_at)),
  ];
}

export function term(name: keyof Strings, value: string | null) {
  return value === null ? nothing : html`<dt>${translate(name)}</dt><dd dir="auto">${value}</dd>`;
}
