import { describe, expect, it } from "vitest";
import { type AcknowledgementNumbers, type AcknowledgementSummary, Problem } from "../../api";
import { CLINICS, message, PLATFORM, scopeNumbers } from "../samples";
import {
  acknowledgedText,
  inOrder,
  levelsOf,
  medianText,
  outstandingText,
  reasonAgainstReminding,
  reminderError,
  topRows,
} from "./acknowledging";
import { Directory } from "./directory";

const NUMBERS = scopeNumbers("any");
const row = scopeNumbers;

function summary(changes: Partial<AcknowledgementNumbers>, closed: AcknowledgementSummary["closed_because"] = null) {
  const totals = { ...NUMBERS, ...changes, distinct: 10 };
  return {
    by: "clinic" as const,
    data: [],
    totals,
    due_at: null,
    closed_because: closed,
    as_of: "2026-12-01T09:00:00Z",
  };
}

describe("the tree", () => {
  it("has the rows that its viewer administers", () => {
    expect(levelsOf(new Directory(PLATFORM))).toEqual(["organisation"]);
    expect(levelsOf(new Directory(CLINICS))).toEqual(["clinic"]);
    const organisations = [...CLINICS.organisations, ...PLATFORM.organisations.slice(1)];
    const mixed = { ...PLATFORM, everyone: false, organisations };
    expect(levelsOf(new Directory(mixed))).toEqual(["organisation", "clinic"]);
  });

  it("names a clinic beside organisations only where its own is not one of them", () => {
    const inside = (id: string) => ({ organisation: { id, name: id } });
    const rows = [
      row("north", { level: "organisation" }),
      row("aspen", inside("north")),
      row("cedar", inside("south")),
    ];
    expect(topRows(rows).map(({ id }) => id)).toEqual(["north", "cedar"]);
  });

  it("has the worst first, or is by name", () => {
    const rows = [
      row("Done", { acknowledged: 9, outstanding: 0 }),
      row("Half 10", { acknowledged: 5, outstanding: 5 }),
      row("Half 9", { acknowledged: 5, outstanding: 5 }),
      row("Half of many", { acknowledged: 50, outstanding: 50 }),
      row("None", { acknowledged: 0, outstanding: 2 }),
      row("Gone", { acknowledged: 0, outstanding: 0, left: 1 }),
    ];
    const names = (order: "worst" | "name") => inOrder(rows, order).map(({ name }) => name);
    expect(names("worst")).toEqual(["None", "Half of many", "Half 9", "Half 10", "Done", "Gone"]);
    expect(names("name")).toEqual(["Done", "Gone", "Half 9", "Half 10", "Half of many", "None"]);
  });
});

describe("numbers", () => {
  it("are words", () => {
    expect(acknowledgedText({ ...NUMBERS, recipients: 1200, acknowledged: 1 })).toBe("1 of 1,200 acknowledged");
    expect(outstandingText(NUMBERS)).toBe("3 outstanding");
    expect(outstandingText({ ...NUMBERS, overdue: 3 })).toBe("3 overdue");
    expect(outstandingText({ ...NUMBERS, outstanding: 0 })).toBeNull();
  });

  it.each([
    [null, null],
    [0.001, "1 minute"],
    [0.5, "30 minutes"],
    [5.2, "5 hours"],
    [47.4, "47 hours"],
    [72, "3 days"],
  ])("say of a median of %j hours: %s", (median_hours, time) => {
    expect(medianText({ ...NUMBERS, median_hours })).toBe(time && `Half of them within about ${time}`);
  });
});

describe("a reminder", () => {
  it.each([
    [null, summary({})],
    ["Everyone has acknowledged it.", summary({ outstanding: 0, left: 0 })],
    ["Everyone who is still there has acknowledged it.", summary({ outstanding: 0 })],
    ["It was replaced by a newer message.", summary({ outstanding: 0 }, "superseded")],
    ["It was recalled.", summary({ outstanding: 0 }, "recalled")],
  ])("is refused with %j", (reason, found) => {
    expect(reasonAgainstReminding(message(), found)).toBe(reason);
  });

  it("is refused once the message has expired", () => {
    expect(reasonAgainstReminding(message({ expired: true }), summary({}))).toBe("It has expired.");
  });

  it("says when the next one can be sent", () => {
    const now = new Date("2026-12-01T09:00:00");
    const tooSoon = (wait?: number) => new Problem(429, "reminder-too-soon", "Too soon.", {}, wait);
    expect(reminderError(tooSoon(3_600_000), now)).toContain("from 1 December 2026 at 10:00");
    expect(reminderError(tooSoon(), now)).toContain("one a day");
    expect(reminderError(Problem.notReached(false, null), now)).toContain("cannot be reached");
  });
});
