import { describe, expect, it } from "vitest";
import { Problem } from "../../api";
import { keptDraft } from "../samples";
import { choiceErrors, startingChoice, toSchedule } from "./schedules";
import { ownZone } from "./zones";

const NOW = new Date("2026-12-01T08:20:30Z");
const scheduled = (changes: Parameters<typeof keptDraft>[0]) => keptDraft({ state: "scheduled", ...changes });

describe("the choice of a time", () => {
  it("begins with a full hour of the reader's zone, after an hour at least", () => {
    const { local, zone, hours } = startingChoice(keptDraft({ state: "missed", send_at: "2026-11-01T00:00:00Z" }), NOW);
    expect(new Date(local)).toEqual(new Date("2026-12-01T10:00:00Z"));
    expect([zone, hours]).toEqual([ownZone(), 1]);
  });

  it("begins with the time of a scheduled draft, in the zone in which it was asked for", () => {
    const draft = scheduled({
      ...{ local: "2026-12-02T09:00:00", time_zone: "Australia/Sydney" },
      ...{ send_at: "2026-12-01T22:00:00Z", not_after: "2026-12-02T02:00:00Z" },
    });
    expect(startingChoice(draft, NOW)).toEqual({ local: "2026-12-02T09:00", zone: "Australia/Sydney", hours: 4 });
  });

  it("begins with the moment of a scheduled draft in the reader's zone where no other was asked for", () => {
    const draft = scheduled({ send_at: "2026-12-01T22:00:00Z", not_after: "2026-12-01T22:10:00Z" });
    const { local, zone, hours } = startingChoice(draft, NOW);
    expect(new Date(local)).toEqual(new Date("2026-12-01T22:00:00Z"));
    expect([zone, hours]).toEqual([ownZone(), 1]);
  });

  it("is what the hub takes, whose own latest time is an hour later", () => {
    const choice = { local: "2026-12-02T09:00", zone: "Australia/Sydney", hours: 1 };
    expect(toSchedule(choice)).toEqual({ local: "2026-12-02T09:00", time_zone: "Australia/Sydney" });
    expect(toSchedule({ ...choice, hours: 4 })).toMatchObject({ not_after: "2026-12-02T02:00:00.000Z" });
    expect(toSchedule({ ...choice, local: "" })).toBeNull();
  });
});

describe("what the hub has against a choice", () => {
  const refused = (code: string, errors: Record<string, unknown> = {}) => new Problem(422, code, "Not valid.", errors);

  it("is shown at its field", () => {
    expect(choiceErrors(refused("time-in-past"))).toEqual({ local: "That time has passed. Choose a later one." });
    const errors = { not_after: ["Must be later."], time_zone: ["Must be a time zone."], title: ["Missing."] };
    expect(choiceErrors(refused("validation-failed", errors))).toEqual({
      hours: "Must be later.",
      zone: "Must be a time zone.",
    });
  });

  it("is nothing where it is about the message, or about neither", () => {
    expect(choiceErrors(refused("draft-incomplete", { title: ["Missing."] }))).toEqual({});
    expect(choiceErrors(new Error("x"))).toEqual({});
  });
});
