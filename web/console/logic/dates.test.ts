import { afterEach, describe, expect, it, vi } from "vitest";
import { date, dateHeading, groupByDate, timeInGroup } from "./dates";

const at = (iso: string) => new Date(iso);

afterEach(() => {
  vi.unstubAllEnvs();
});

// The zone is Europe/Berlin: UTC+1 in winter, UTC+2 from 29 March to 25 October 2026. 22 November 2026 is a Sunday.
describe("dateHeading", () => {
  it.each([
    ["2026-11-22T17:04:00Z", "2026-11-22T18:00:00Z", "Today"],
    ["2026-11-21T23:00:00Z", "2026-11-22T22:59:59Z", "Today"],
    ["2026-11-21T22:59:59Z", "2026-11-22T12:00:00Z", "Yesterday"],
    ["2026-11-21T22:59:59Z", "2026-11-21T23:00:00Z", "Yesterday"],
    ["2026-11-20T22:59:59Z", "2026-11-22T12:00:00Z", "This week"],
    ["2026-11-15T23:00:00Z", "2026-11-22T12:00:00Z", "This week"],
    ["2026-11-15T22:59:59Z", "2026-11-22T12:00:00Z", "November 2026"],
    ["2026-10-31T22:59:59Z", "2026-11-22T12:00:00Z", "October 2026"],
    ["2025-11-22T12:00:00Z", "2026-11-22T12:00:00Z", "November 2025"],
    // On a Monday the week has just begun, and on a Tuesday it has only yesterday in it.
    ["2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z", "Yesterday"],
    ["2026-11-21T12:00:00Z", "2026-11-23T12:00:00Z", "November 2026"],
    ["2026-11-22T12:00:00Z", "2026-11-24T12:00:00Z", "November 2026"],
  ])("%s, read at %s, is under %s", (iso, now, heading) => {
    expect(dateHeading(iso, at(now))).toBe(heading);
  });

  it("counts days by midnight, where one has 23 hours and where one has 25", () => {
    expect(dateHeading("2026-03-28T23:00:00Z", at("2026-03-30T10:00:00Z"))).toBe("Yesterday");
    expect(dateHeading("2026-03-28T22:59:59Z", at("2026-03-29T22:00:00Z"))).toBe("March 2026");
    expect(dateHeading("2026-10-24T22:00:00Z", at("2026-10-25T22:30:00Z"))).toBe("Today");
    expect(dateHeading("2026-10-24T22:00:00Z", at("2026-10-25T23:00:00Z"))).toBe("Yesterday");
  });

  it("uses the reader's zone", () => {
    const [iso, now] = ["2026-11-22T18:30:00Z", at("2026-11-22T20:00:00Z")];
    expect(dateHeading(iso, now)).toBe("Today");
    vi.stubEnv("TZ", "Asia/Kathmandu");
    expect(dateHeading("2026-11-22T18:10:00Z", now)).toBe("Yesterday");
    expect(dateHeading(iso, now)).toBe("Today");
  });

  it("is today for a clock that is behind the server's", () => {
    expect(dateHeading("2026-11-22T23:30:00Z", at("2026-11-22T22:30:00Z"))).toBe("Today");
  });
});

describe("timeInGroup", () => {
  it.each([
    ["2026-11-22T11:57:00Z", "3 minutes ago"],
    ["2026-11-21T22:30:00Z", "23:30"],
    ["2026-11-17T08:05:00Z", "Tue 09:05"],
    ["2026-11-05T08:05:00Z", "5 Nov"],
    ["2025-11-22T12:00:00Z", "22 Nov"],
  ])("says of %s what the heading does not: %s", (iso, text) => {
    expect(timeInGroup(iso, at("2026-11-22T12:00:00Z"))).toBe(text);
  });
});

describe("groupByDate", () => {
  it("keeps the order, and has no group without items", () => {
    const items = ["2026-11-22T11:00:00Z", "2026-11-22T10:00:00Z", "2026-11-05T10:00:00Z"].map((sent_at) => ({
      sent_at,
    }));
    expect(groupByDate(items, at("2026-11-22T12:00:00Z"))).toEqual([
      { heading: "Today", items: items.slice(0, 2) },
      { heading: "November 2026", items: items.slice(2) },
    ]);
    expect(groupByDate([], at("2026-11-22T12:00:00Z"))).toEqual([]);
  });
});

describe("date", () => {
  it("is exact to the minute, in the reader's zone", () => {
    expect(date("2026-11-22T17:04:09Z")).toBe("22 November 2026 at 18:04");
  });
});
