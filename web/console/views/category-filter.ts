/** Chooses what a list of messages is about. Templates only. */
import { html } from "lit";
import { categoryName } from "../logic/options";
import { translate } from "../strings";

/** `categories` are the platform's. Old messages may be of one that it does not have any more. */
export function categoryFilter(
  chosen: string | null,
  categories: readonly string[],
  choose: (category: string | null) => void,
) {
  const all = chosen === null || categories.includes(chosen) ? categories : [...categories, chosen];
  return html`<div class="category">
    <label class="label small" for="category">${translate("sent_category")}</label>
    <select id="category" @change=${(event: Event) => choose((event.target as HTMLSelectElement).value || null)}>
      <option value="" .selected=${chosen === null}>${translate("sent_category_all")}</option>
      ${all.map((one) => html`<option value=${one} .selected=${one === chosen}>${categoryName(one)}</option>`)}
    </select>
  </div>`;
}
