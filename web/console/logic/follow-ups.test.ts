import { describe, expect, it } from "vitest";
import { message } from "../samples";
import { reasonAgainst, reminderTitle } from "./follow-ups";

describe("a follow-up", () => {
  it("has the earlier title, marked where there is room", () => {
    expect(reminderTitle("Title")).toBe("Reminder: Title");
    expect(reminderTitle("🔔".repeat(60))).toBe(`Reminder: ${"🔔".repeat(60)}`);
    expect(reminderTitle("🔔".repeat(61))).toBe("🔔".repeat(61));
  });

  it.each([
    [null, {}],
    [null, { status: "queued" as const }],
    ["It was recalled.", { status: "recalled" as const, expired: true }],
    ["It has expired.", { expired: true }],
    ["It is not known any more who has read it.", { expired: true, entries_dropped: true }],
  ])("is refused with the reason %j for %j", (reason, changes) => {
    expect(reasonAgainst(message(changes))).toBe(reason);
  });
});
