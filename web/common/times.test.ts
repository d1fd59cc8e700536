import { describe, expect, it } from "vitest";
import { exact, relative, untilChange } from "./times";

const at = (iso: string) => new Date(iso);

describe("in words", () => {
  it.each([
    ["2026-11-22T12:00:00Z", "2026-11-22T12:00:59Z", "now"],
    ["2026-11-22T12:00:00Z", "2026-11-22T12:01:00Z", "1 minute ago"],
    ["2026-11-22T12:00:00Z", "2026-11-22T12:59:59Z", "59 minutes ago"],
    ["2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z", "1 hour ago"],
    ["2026-11-22T05:00:00Z", "2026-11-22T21:30:00Z", "16 hours ago"],
    ["2026-11-21T22:00:00Z", "2026-11-22T02:00:00Z", "4 hours ago"],
    ["2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z", "yesterday"],
    ["2026-11-16T12:00:00Z", "2026-11-22T12:00:00Z", "6 days ago"],
    ["2026-11-15T12:00:00Z", "2026-11-22T12:00:00Z", "Nov 15"],
    ["2025-11-15T12:00:00Z", "2026-11-22T12:00:00Z", "Nov 15, 2025"],
  ])("%s at %s is %s", (iso, now, expected) => {
    expect(relative(iso, at(now), "en")).toBe(expected);
  });

  it("is never in the future, although clocks differ", () => {
    expect(relative("2026-11-22T12:00:05Z", at("2026-11-22T12:00:00Z"), "en")).toBe("now");
  });

  it("counts days by midnights of the reader's zone", () => {
    // 23:30 on the 20th in Berlin, seen at 00:30 on the 22nd: 25 hours later, two midnights in between.
    expect(relative("2026-11-20T22:30:00Z", at("2026-11-21T23:30:00Z"), "en")).toBe("2 days ago");
  });

  it("counts a day of 23 hours as one", () => {
    expect(relative("2026-03-28T11:00:00Z", at("2026-03-29T11:00:00Z"), "en")).toBe("yesterday");
  });

  it("speaks the reader's language", () => {
    expect(relative("2026-11-22T12:00:00Z", at("2026-11-22T12:03:00Z"), "de")).toBe("vor 3 Minuten");
    expect(relative("2026-11-21T12:00:00Z", at("2026-11-22T12:00:00Z"), "fr")).toBe("hier");
  });
});

it("is exact to the second, in the reader's zone, and names it", () => {
  const text = exact("2026-07-01T22:30:09Z", "en");
  expect(text).toMatch(/July 2, 2026/);
  expect(text).toMatch(/12:30:09/);
  expect(text).toMatch(/GMT\+2|CEST/);
});

it("is short where the second and the zone say nothing", () => {
  expect(exact("2026-11-22T17:04:09Z", "en-GB", "short")).toBe("22 November 2026 at 18:04");
});

it.each([
  ["2026-11-22T12:00:00Z", "2026-11-22T12:00:10Z", 50_000],
  ["2026-11-22T12:00:00Z", "2026-11-22T12:05:59.500Z", 500],
  ["2026-11-22T12:00:00Z", "2026-11-22T14:30:00Z", 30 * 60_000],
  // Berlin's midnight is at 23:00.
  ["2026-11-22T12:10:00Z", "2026-11-22T22:45:00Z", 15 * 60_000],
])("stays true for a while: %s at %s", (iso, now, expected) => {
  expect(untilChange(iso, at(now))).toBe(expected);
  expect(relative(iso, new Date(at(now).getTime() + expected), "en")).not.toBe(relative(iso, at(now), "en"));
});
