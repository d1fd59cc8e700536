/** The texts of the bell: English is in the script, and a page may replace any of them (`strings`). */
import { type Translation, translator as translatorOf } from "../common/translate";
import type { Refusal } from "./inbox";
import english from "./languages/bell/en.json";

export { english };

export type Strings = typeof english;
/** What a page may give: any part of it. */
export type GivenStrings = Translation<Strings>;

/** Says things in the page's words where it gave some. */
export function translator(given: GivenStrings, locale: string | undefined) {
  return translatorOf(english, given, locale);
}

/** Why a change was not made, as far as the answer of the server says so. */
export function reasonOf(error: unknown): keyof Strings {
  const { status, code } = error as Refusal;
  const key = code.replaceAll("-", "_");
  if (Object.hasOwn(english, key)) return key as keyof Strings;
  return status === 0 ? "not_sent" : "not_saved";
}

/** A platform's own categories are called as the platform calls them. */
export function categoryName(category: string, translate: Translate): string {
  const key = `category_${category}`;
  return Object.hasOwn(english, key) ? translate(key as keyof Strings) : category;
}

export type Translate = ReturnType<typeof translator>;
