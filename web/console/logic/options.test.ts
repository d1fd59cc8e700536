import { describe, expect, it } from "vitest";
import {
  categoryName,
  copied,
  findOptionMistakes,
  fromLocal,
  keepKnownCategory,
  NO_OPTIONS,
  type Options,
  readOptions,
  stated,
  suggest,
  toLocal,
} from "./options";

// 18:30 in Berlin, where these tests run; its clocks go back on 25 October.
const NOW = new Date("2026-10-20T16:30:00Z");
const ALL: Options = {
  category: "feature",
  priority: "important",
  pinned_until: "2026-10-27T17:00:00.000Z",
  expires_at: "2026-11-20T17:00:00.000Z",
};

describe("options", () => {
  it("are sent where they say something", () => {
    expect(stated(NO_OPTIONS)).toEqual({});
    expect(stated({ ...NO_OPTIONS, priority: "important" })).toEqual({ priority: "important" });
    expect(stated(ALL)).toEqual(ALL);
  });

  it("are copied without their dates", () => {
    expect(copied(ALL)).toEqual({ ...NO_OPTIONS, category: "feature", priority: "important" });
  });

  it("lose a category that the platform does not have", () => {
    expect(keepKnownCategory(ALL, ["feature"])).toBe(ALL);
    expect(keepKnownCategory(ALL, ["news"]).category).toBeNull();
    expect(keepKnownCategory(NO_OPTIONS, [])).toBe(NO_OPTIONS);
  });

  it.each([
    [ALL, ALL],
    [undefined, NO_OPTIONS],
    ["text", NO_OPTIONS],
    [
      { category: 7, priority: "urgent", pinned_until: "soon", expires_at: 8 },
      { ...NO_OPTIONS, pinned_until: "" },
    ],
  ])("read %j from the storage as %j", (kept, read) => {
    expect(readOptions(kept)).toEqual(read);
  });
});

describe("the time of an option", () => {
  it.each([
    [{ pinned_until: null, expires_at: null }, {}],
    [
      { pinned_until: "", expires_at: "" },
      { pinned_until: "Choose a date and a time.", expires_at: "Choose a date and a time." },
    ],
    [
      { pinned_until: NOW.toISOString(), expires_at: NOW.toISOString() },
      { pinned_until: "Choose a time in the next 30 days.", expires_at: "Choose a time in the future." },
    ],
    [{ pinned_until: "2026-11-19T16:30:00.000Z", expires_at: "2126-11-20T17:00:00.000Z" }, {}],
    [
      { pinned_until: "2026-11-19T16:31:00.000Z", expires_at: null },
      { pinned_until: "Choose a time in the next 30 days." },
    ],
  ])("of %j has the mistakes %j", (times, mistakes) => {
    expect(findOptionMistakes(times, NOW)).toEqual(mistakes);
  });

  it("is a full hour in the reader’s zone where it is offered, and no mistake", () => {
    const pinned_until = suggest("pinned_until", NOW);
    const expires_at = suggest("expires_at", NOW);
    expect([toLocal(pinned_until), toLocal(expires_at)]).toEqual(["2026-10-27T18:00", "2026-11-19T18:00"]);
    expect(findOptionMistakes({ pinned_until, expires_at }, NOW)).toEqual({});
  });

  it("counts from later where the message is sent later", () => {
    const times = { pinned_until: "2027-11-19T16:31:00.000Z", expires_at: null };
    expect(findOptionMistakes(times, NOW, false)).toEqual({});
    expect(findOptionMistakes({ ...times, pinned_until: NOW.toISOString() }, NOW, false)).toEqual({
      pinned_until: "Choose a time in the future.",
    });
  });

  it.each(["2026-10-25T01:30", "2026-12-05T18:00", "0002-01-05T18:00"])("%s stays what was entered", (local) => {
    expect(toLocal(fromLocal(local))).toBe(local);
  });

  it("is empty while a part of it is missing", () => {
    expect([fromLocal(""), toLocal("")]).toEqual(["", ""]);
  });
});

it("names the categories that a platform begins with, and no others", () => {
  expect(["service", "other", "Training", "toString"].map(categoryName)).toEqual([
    "Service notice",
    "Other",
    "Training",
    "toString",
  ]);
});
