import { describe, expect, it } from "vitest";
import { placeName, resolve, timeIn } from "./zones";

describe("a wall time", () => {
  it.each([
    ["2026-12-02T09:00", "Australia/Sydney", "2026-12-01T22:00:00.000Z", null],
    ["2026-10-04T02:30", "Australia/Sydney", "2026-10-03T16:30:00.000Z", "gap"],
    ["2026-04-05T02:30", "Australia/Sydney", "2026-04-04T15:30:00.000Z", "ambiguous"],
    ["2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45:00.000Z", "gap"],
    ["2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00.000Z", "ambiguous"],
    ["2026-03-29T01:30", "Europe/London", "2026-03-29T01:30:00.000Z", "gap"],
    ["2026-10-25T01:30", "Europe/London", "2026-10-25T00:30:00.000Z", "ambiguous"],
    ["2026-10-25T03:30", "Europe/London", "2026-10-25T03:30:00.000Z", null],
    ["2026-12-02T09:00", "Pacific/Kiritimati", "2026-12-01T19:00:00.000Z", null],
    ["2026-12-02T09:00", "UTC", "2026-12-02T09:00:00.000Z", null],
  ])("%s in %s is the moment that the hub takes", (local, zone, at, adjusted) => {
    const found = resolve(local, zone);
    expect([found?.at.toISOString(), found?.adjusted]).toEqual([at, adjusted]);
  });

  it("is none before it is entered", () => {
    expect(resolve("", "UTC")).toBeNull();
  });

  it("is written out with its place", () => {
    expect(timeIn(new Date("2026-12-01T22:00:00Z"), "Australia/Sydney")).toMatch(
      /Wednesday.* 2 December 2026 at 09:00/,
    );
    expect(placeName("America/Argentina/Buenos_Aires")).toBe("Buenos Aires");
  });
});
