import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Plural, readLocale } from "../common/translate";
import { english, translator } from "./strings";

const FOLDER = `${import.meta.dirname}/languages/bell`;
const LANGUAGES = ["ar", "de"];

it("speaks English where nothing else is given", () => {
  const translate = translator({}, "en");
  expect(translate("new_messages", { count: 1 })).toBe("1 new message");
  expect(translate("new_messages", { count: 1200 })).toBe("1,200 new messages");
  expect(translate("arrived", { title: "{count} $& <b>" })).toBe("New message: {count} $& <b>");
});

it("takes the form that the language has for a number", () => {
  const translate = translator(
    { new_messages: { one: "{count} wiadomość", few: "{count} wiadomości", other: "{count} innych" } },
    "pl",
  );
  expect([1, 3, 5].map((count) => translate("new_messages", { count }))).toEqual([
    "1 wiadomość",
    "3 wiadomości",
    "5 innych",
  ]);
});

it("writes numbers as the language does, and says the rest in English", () => {
  const translate = translator({ new_messages: "{count} رسالة" }, "ar-EG");
  expect(translate("new_messages", { count: 12 })).toBe("١٢ رسالة");
  expect(translate("close")).toBe("Close");
});

it("takes no harm from a language that is none", () => {
  expect(readLocale("de_DE")).toBeUndefined();
  expect(readLocale("")).toBeUndefined();
  expect(readLocale("de-de")).toBe("de-DE");
});

describe.each(LANGUAGES)("the texts in %s", (language) => {
  const texts = JSON.parse(readFileSync(`${FOLDER}/${language}.json`, "utf8")) as Record<string, string | Plural>;
  const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

  it("are the same as in English, in the same order", () => {
    expect(Object.keys(texts)).toEqual(Object.keys(english));
  });

  it.each(Object.entries(english))("fill in the same: %s", (key, text) => {
    const said = texts[key] ?? "";
    if (typeof text === "string") {
      expect(placeholders(said as string)).toEqual(placeholders(text));
      return;
    }
    const forms = said as Plural;
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    expect(Object.keys(forms).sort()).toEqual([...categories].sort());
    for (const category of categories) {
      const given = placeholders(forms[category] ?? "");
      // "One" and "two" may be words.
      const isWord = ["zero", "one", "two"].includes(category) && given.length === 0;
      expect(isWord ? placeholders(text.other) : given, category).toEqual(placeholders(text.other));
    }
  });
});

it("has each language that is shipped", () => {
  expect(readdirSync(FOLDER).sort()).toEqual(["en", ...LANGUAGES].map((one) => `${one}.json`).sort());
});
