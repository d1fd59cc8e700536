/** What a sender added to a message, as terms of a list. Templates only. */
import { html, nothing } from "lit";
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

export function timeTerms({ pinned_until, expires_at }: Pick<Options, TimeOption>) {
  return [
    term("options_pin_until", pinned_until && date(pinned_until)),
    term("options_expire_on", expires_at && date(expires_at)),
  ];
}

function term(name: keyof Strings, value: string | null) {
  return value === null ? nothing : html`<dt>${translate(name)}</dt><dd dir="auto">${value}</dd>`;
}
