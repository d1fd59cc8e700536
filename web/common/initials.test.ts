import { expect, it } from "vitest";
import { initials } from "./initials";

it.each([
  ["Amara Okafor", "AO"],
  ["Ada", "A"],
  ["  maría josé garcía  ", "MG"],
  ["Niamh O’Brien (locum)", "NL"],
  ["e\u0301lodie 7", "E\u03017"],
  ["أحمد علي", "أع"],
  ["王小明", "王"],
  ["🩺", ""],
  ["", ""],
])("gives %j the letters %j", (name, letters) => {
  expect(initials(name)).toBe(letters);
});
