import { expect, it } from "vitest";
import { readLocale } from "../common/translate";
import { translator } from "./strings";

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
