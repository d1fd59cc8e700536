import { describe, expect, it } from "vitest";
import { clean, counter, countRemoved, MAXIMUM, removeInvisible, type TextField, textError } from "./text";
import written from "./text.cases.json?raw";

const cases: { what: string; text: string; title: string | null; body: string | null }[] = JSON.parse(written);
const FIELDS = ["title", "body"] as const satisfies readonly TextField[];

describe("clean", () => {
  it.each(cases)("does with $what as the hub does", (one) => {
    for (const field of FIELDS) {
      const cleaned = clean(field, one.text);
      expect(cleaned).toBe(one[field]);
      if (cleaned !== null) expect(clean(field, cleaned)).toBe(cleaned);
    }
  });

  it.each(FIELDS)("refuses a %s of one character too many", (field) => {
    for (const character of ["a", "😀", "e\u0301", "\u03b1\u0313\u0300\u0345"]) {
      expect(clean(field, `  ${character.repeat(MAXIMUM[field])}\u200b`)).not.toBeNull();
      expect(clean(field, character.repeat(MAXIMUM[field] + 1))).toBeNull();
    }
  });
});

describe("removeInvisible", () => {
  it("leaves white space to somebody who is still typing, and says how much it removed", () => {
    expect(removeInvisible("body", " a\u200b\r\n\u202eb ")).toBe(" a\nb ");
    expect(countRemoved("body", " a\u200b\r\n\u202eb ")).toBe(2);
    expect(countRemoved("title", "one\r\ntwo \u{e0001}three")).toBe(1);
    expect(countRemoved("title", "👩\u200d⚕\ufe0f")).toBe(0);
  });
});

describe("counter", () => {
  it.each([
    ["", 0],
    ["hello", 5],
    ["👩‍⚕️", 4],
    ["😀😀", 2],
    ["e\u0301", 1],
    ["  title \n", 5],
    ["\u200b\ufefftext\u2060", 4],
    ["a\r\nb", 3],
  ])("counts %j as the hub does: %i", (text, count) => {
    expect(counter("title", text).label).toBe(`${count} of 70 characters`);
  });

  it("is silent while there is room, then says how much is left, then how much is too much", () => {
    expect(counter("title", "a".repeat(40))).toMatchObject({ announcement: "", isOver: false });
    expect(counter("title", "a".repeat(60))).toMatchObject({ announcement: "10 left", isOver: false });
    expect(counter("title", "a".repeat(70))).toMatchObject({ announcement: "0 left", isOver: false });
    expect(counter("title", "a".repeat(73))).toEqual({
      announcement: "3 too many",
      isOver: true,
      label: "73 of 70 characters, 3 too many",
    });
  });
});

describe("textError", () => {
  it("asks for what is missing, also where nothing is visible", () => {
    expect(textError("title", " \u200b")).toBe("Enter a title.");
    expect(textError("title", "\u2800\u3164")).toBe("Enter a title.");
    expect(textError("body", "")).toBe("Enter a message.");
  });

  it("accepts exactly the maximum, in characters rather than in UTF-16 units", () => {
    expect(textError("title", "😀".repeat(70))).toBeNull();
    expect(textError("title", "😀".repeat(71))).toBe("Shorten the title to 70 characters; it has 71.");
  });

  it("says where a character stands that cannot be sent", () => {
    expect(textError("body", "Hello \0you")).toBe("Delete the character U+0000 after “Hello”: it cannot be sent.");
    expect(textError("body", "\ud83dHello")).toBe("Delete the character U+D83D at the start: it cannot be sent.");
  });
});
