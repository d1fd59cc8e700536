import { expect, it } from "vitest";
import { initials } from "./initials";

it.each([
  ["Amara Okafor", "AO"],
  ["Ada", "A"],
  ["  maría josé garcía  ", "MG"],
  ["Niamh O’Brien (locum)", "NL"],
  ["e\u0301lodie müller", "E\u0301M"],
  ["Ward 7", "W"],
  ["Ольга Петрова", "ОП"],
  ["د. أحمد علي", "د"],
  ["محمد علي", "م"],
  ["王 小明", "王"],
  ["김민준", "김"],
  ["प्रिया शर्मा", "प्रि"],
  ["👩🏽‍⚕️ Care team", "👩🏽‍⚕️"],
  ["", ""],
])("stand for %j: %j", (name, letters) => {
  expect(initials(name)).toBe(letters);
});
