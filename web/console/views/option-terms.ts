/** What a sender added to a message, as terms of a list. Templates only. */
import { html, nothing } from "lit";
import { date } from "../logic/dates";
import { categoryName, type Options } from "../logic/options";
import { translate } from "../strings";

export function optionTerms({ category, priority, pinned_until, expires_at }: Options) {
  const term = (name: string, value: string | null) =>
    value === null ? nothing : html`<dt>${name}</dt><dd dir="auto">${value}</dd>`;
  return [
    term(translate("options_category"), category && categoryName(category)),
    term(translate("options_priority"), priority === "important" ? translate("options_important") : null),
    term(translate("options_pinned_until"), pinned_until && date(pinned_until)),
    term(translate("options_expires_at"), expires_at && date(expires_at)),
  ];
}
