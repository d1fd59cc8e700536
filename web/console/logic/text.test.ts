import { describe, expect, it } from "vitest";
import { countCharacters, counter, normalise, textError } from "./text";

describe("countCharacters", () => {
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
    expect(countCharacters(text)).toBe(count);
  });

  it("leaves white space inside alone", () => {
    expect(normalise("\ta\u00a0 b\n\nc\u3000")).toBe("a\u00a0 b\n\nc");
  });
});

describe("counter", () => {
  it("is silent while there is room, then says how much is left, then how much is too much", () => {
    expect(counter("a".repeat(40), 70)).toMatchObject({
      announcement: "",
      isOver: false,
      label: "40 of 70 characters",
    });
    expect(counter("a".repeat(60), 70)).toMatchObject({ announcement: "10 left", isOver: false });
    expect(counter("a".repeat(70), 70)).toMatchObject({ announcement: "0 left", isOver: false });
    expect(counter("a".repeat(73), 70)).toMatchObject({ announcement: "3 too many", isOver: true, count: 73 });
  });
});

describe("textError", () => {
  it("asks for what is missing, also where there is white space only", () => {
    expect(textError("title", " \u200b", 70)).toBe("Enter a title.");
    expect(textError("message", "", 1000)).toBe("Enter a message.");
  });

  it("accepts exactly the maximum, in characters rather than in UTF-16 units", () => {
    expect(textError("title", "😀".repeat(70), 70)).toBeNull();
    expect(textError("title", "😀".repeat(71), 70)).toBe("Shorten the title to 70 characters; it has 71.");
  });
});
