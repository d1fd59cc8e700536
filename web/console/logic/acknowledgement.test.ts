import { describe, expect, it } from "vitest";
import { message } from "../samples";
import {
  type Asked,
  askedAgain,
  BEGINNING,
  dueText,
  findAskedMistakes,
  fromAsked,
  isGoneBefore,
  readAsked,
  reminderChoices,
  reminderText,
  toAsked,
  withDue,
  withReminder,
} from "./acknowledgement";

const NOW = new Date("2026-12-01T09:00:00Z");
const IN_A_WEEK = "2026-12-08T09:00:00.000Z";
const ON_A_DATE: Asked = { ...BEGINNING, due_at: IN_A_WEEK, due_in_days: null };

describe("what is asked for", () => {
  it("begins with two weeks and two reminders", () => {
    expect(toAsked(BEGINNING)).toEqual({
      ...{ statement: "I have read and understood this.", due_at: null, due_in_days: 14 },
      remind_days_before: [3, 1],
    });
  });

  it("is kept without what is not entered yet, and comes back as it was", () => {
    const unfinished = { ...BEGINNING, statement: " ", due_in_days: 0 };
    const none = { due_at: null, due_in_days: null, remind_days_before: [] };
    expect(toAsked(unfinished)).toEqual({ statement: BEGINNING.statement, ...none });
    expect(toAsked({ ...ON_A_DATE, due_at: "" })).toMatchObject(none);
    const chosen = { ...ON_A_DATE, remind_days_before: [1, 7], statement: " I\u200b agree. " };
    const kept = toAsked(chosen);
    expect(kept).toMatchObject({ statement: "I agree.", remind_days_before: [7, 1] });
    expect(toAsked(fromAsked({ ...kept, due_at: "2026-12-08T09:00:00Z" }))).toEqual(kept);
  });

  it("has one due date at most, and keeps its reminders for the next", () => {
    const dated = withDue(BEGINNING, "date", NOW);
    expect([dated.due_in_days, dated.due_at !== null]).toEqual([null, true]);
    const undated = withDue(dated, "none", NOW);
    expect([undated.due_in_days, undated.due_at]).toEqual([null, null]);
    expect(withDue(undated, "days", NOW)).toEqual(BEGINNING);
  });

  it("offers the reminders that are usual, and those that are chosen", () => {
    expect(reminderChoices({ ...BEGINNING, remind_days_before: [30] })).toEqual([30, 7, 3, 1, 0]);
    expect(withReminder(BEGINNING, 3, false).remind_days_before).toEqual([1]);
    expect(withReminder(BEGINNING, 1, true).remind_days_before).toEqual([3, 1]);
    expect([7, 1, 0].map(reminderText)).toEqual(["7 days before", "1 day before", "When it is due"]);
  });

  it("says when it is due", () => {
    expect(dueText(BEGINNING)).toBe("14 days after it is sent");
    expect(dueText({ due_at: null, due_in_days: null })).toBe("No due date");
    expect(dueText(ON_A_DATE)).toMatch(/^8 December 2026 at /);
  });

  it("is read from the storage, whatever is in it", () => {
    expect(readAsked(JSON.parse(JSON.stringify(ON_A_DATE)))).toEqual(ON_A_DATE);
    expect(readAsked({ statement: "I agree.", due_at: 5, remind_days_before: [1, "2"] })).toEqual({
      ...{ statement: "I agree.", due_at: null, due_in_days: null, remind_days_before: [1] },
    });
    expect([readAsked(null), readAsked([]), readAsked("text")]).toEqual([null, null, null]);
  });
});

describe("another message with the same content", () => {
  const asking = (due_at: string | null) =>
    message({
      sent_at: "2026-11-22T18:00:00Z",
      acknowledgement: { statement: "I agree.", due_at, remind_days_before: [1], content_hash: "sha256:0" },
    });

  it("keeps a due date that is to come, else its distance", () => {
    const base = { statement: "I agree.", remind_days_before: [1] };
    expect(askedAgain(message(), NOW)).toBeNull();
    expect(askedAgain(asking(null), NOW)).toEqual({ ...base, due_at: null, due_in_days: null });
    expect(askedAgain(asking(IN_A_WEEK), NOW)).toEqual({ ...base, due_at: IN_A_WEEK, due_in_days: null });
    expect(askedAgain(asking("2026-11-29T18:00:00Z"), NOW)).toEqual({ ...base, due_at: null, due_in_days: 7 });
    expect(askedAgain(asking("2026-11-22T19:00:00Z"), NOW)).toMatchObject({ due_in_days: 1 });
  });
});

describe("mistakes", () => {
  it("are found before the hub is asked", () => {
    expect(findAskedMistakes(null, NOW)).toEqual({});
    expect(findAskedMistakes(BEGINNING, NOW)).toEqual({});
    expect(findAskedMistakes(ON_A_DATE, NOW)).toEqual({});
    const days = "Enter a whole number of days from 1 to 365.";
    for (const due_in_days of [0, 1.5, 366, Number.NaN])
      expect(findAskedMistakes({ ...BEGINNING, due_in_days }, NOW)).toEqual({ due_in_days: days });
    expect(findAskedMistakes({ ...ON_A_DATE, due_at: "", statement: "x".repeat(201) }, NOW)).toEqual({
      due_at: "Choose a date and a time.",
      statement: "Shorten the statement to 200 characters; it has 201.",
    });
    for (const due_at of ["2026-12-01T09:00:00Z", "2027-12-02T09:00:00Z"])
      expect(findAskedMistakes({ ...ON_A_DATE, due_at }, NOW)).toEqual({ due_at: "Choose a time in the next year." });
    const late = { ...ON_A_DATE, due_at: "2027-12-02T09:00:00Z" };
    expect(findAskedMistakes(late, NOW, false)).toEqual({});
    expect(findAskedMistakes({ ...BEGINNING, remind_days_before: [30, 7, 3, 1, 0] }, NOW)).toEqual({
      remind_days_before: "Choose at most 4 reminders.",
    });
  });

  it("include a message that is gone before it is due", () => {
    expect(isGoneBefore(ON_A_DATE, "2026-12-08T08:59:00Z", NOW)).toBe(true);
    expect(isGoneBefore(ON_A_DATE, IN_A_WEEK, NOW)).toBe(false);
    expect(isGoneBefore(BEGINNING, IN_A_WEEK, NOW)).toBe(true);
    expect(isGoneBefore(withDue(BEGINNING, "none", NOW), IN_A_WEEK, NOW)).toBe(false);
    expect(isGoneBefore(BEGINNING, null, NOW)).toBe(false);
    expect(isGoneBefore(null, IN_A_WEEK, NOW)).toBe(false);
  });
});
