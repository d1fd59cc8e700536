import { expect, it } from "vitest";
import { type Box, place } from "./place";

const VIEW = { width: 1000, height: 800 };
const WANTED = { width: 400, height: 640 };
const at = (left: number, top: number): Box => ({ left, right: left + 40, top, bottom: top + 40 });

it("hangs below the bell, aligned with its end", () => {
  expect(place(at(900, 10), VIEW, WANTED, "bottom-end", false)).toEqual({
    left: 540,
    width: 400,
    top: 58,
    maxHeight: 640,
  });
  expect(place(at(60, 10), VIEW, WANTED, "bottom-start", false)).toMatchObject({ left: 60 });
});

it("turns start and end around where text runs from right to left", () => {
  expect(place(at(60, 10), VIEW, WANTED, "bottom-end", true)).toMatchObject({ left: 60 });
  expect(place(at(900, 10), VIEW, WANTED, "bottom-start", true)).toMatchObject({ left: 540 });
});

it("never leaves the page", () => {
  expect(place(at(10, 10), VIEW, WANTED, "bottom-end", false).left).toBe(8);
  expect(place(at(950, 10), VIEW, WANTED, "bottom-start", false).left).toBe(592);
  expect(place(at(270, 10), { width: 320, height: 568 }, WANTED, "bottom-end", false)).toMatchObject({
    left: 8,
    width: 304,
  });
});

it("goes to the other side where there is more room", () => {
  expect(place(at(900, 740), VIEW, WANTED, "bottom-end", false)).toEqual({
    left: 540,
    width: 400,
    bottom: 68,
    maxHeight: 640,
  });
  expect(place(at(900, 100), VIEW, WANTED, "top-end", false)).toMatchObject({ top: 148 });
  expect(place(at(900, 500), VIEW, WANTED, "top-end", false)).toMatchObject({ bottom: 308, maxHeight: 484 });
});

it("takes the whole height where neither side has room", () => {
  expect(place(at(500, 150), { width: 640, height: 340 }, WANTED, "bottom-end", false)).toMatchObject({
    top: 8,
    maxHeight: 324,
  });
});
