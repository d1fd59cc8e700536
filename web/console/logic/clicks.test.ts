import { describe, expect, it } from "vitest";
import { type Click, isAnswer } from "./clicks";

const OPENER: Click = { clientX: 300, clientY: 500, timeStamp: 10_000, detail: 1 };

describe("a click on a dialog", () => {
  it.each([
    ["a double click, wherever the system counts it", { detail: 2 }],
    ["a click at the same place a moment later", { timeStamp: 10_300 }],
    ["a slow double click with an unsteady hand", { timeStamp: 10_900, clientX: 320, clientY: 520 }],
  ])("is not an answer when it belongs to the click that opened it: %s", (_, change) => {
    expect(isAnswer({ ...OPENER, timeStamp: 10_200, ...change }, OPENER)).toBe(false);
  });

  it.each([
    ["somewhere else", { timeStamp: 10_100, clientX: 420 }],
    ["at the same place, once there was time to read", { timeStamp: 11_200 }],
    ["by keyboard", { timeStamp: 10_100, detail: 0 }],
  ])("is an answer: %s", (_, change) => {
    expect(isAnswer({ ...OPENER, ...change }, OPENER)).toBe(true);
  });

  it("is an answer to what a key or a program opened", () => {
    expect(isAnswer({ ...OPENER, timeStamp: 10_100 }, { ...OPENER, detail: 0 })).toBe(true);
    expect(isAnswer({ ...OPENER, timeStamp: 10_100 }, null)).toBe(true);
  });
});
