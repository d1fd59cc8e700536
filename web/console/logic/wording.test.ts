import { describe, expect, it } from "vitest";
import { message, PLATFORM } from "../samples";
import { Directory } from "./directory";
import { audienceSummary, people, percent, reached, status } from "./wording";

const directory = new Directory(PLATFORM);

describe("people", () => {
  it("counts as people read it", () => {
    expect([people(0), people(1), people(12003)]).toEqual(["0 people", "1 person", "12,003 people"]);
  });
});

describe("audienceSummary", () => {
  it.each([
    [{ everyone: true as const }, "Everyone on the platform"],
    [{ organisations: ["north"], clinics: [] }, "Northern Care"],
    [{ organisations: ["north"], clinics: ["cedar"] }, "Northern Care, Cedar Park"],
    [{ organisations: ["north", "south"], clinics: ["cedar"] }, "Northern Care, Southern Care, Cedar Park"],
    [{ organisations: ["north", "south"], clinics: ["cedar", "aspen"] }, "Northern Care, Southern Care and 2 more"],
    [{ organisations: [], clinics: ["cedar"], other_scopes: 3 }, "Cedar Park and 3 more"],
    [{ other_scopes: 2 }, "2 organisations or clinics"],
  ])("says %j in one line", (audience, text) => {
    expect(audienceSummary(audience, directory)).toBe(text);
  });
});

describe("reached", () => {
  it.each([
    ["sent" as const, 3, "3 people"],
    ["queued" as const, null, "Counting recipients…"],
    ["recalled" as const, 3, "3 people"],
    ["recalled" as const, null, "Recalled before recipients were counted"],
  ])("says of a %s message that went to %j: %s", (status, recipient_count, text) => {
    expect(reached({ status, recipient_count })).toBe(text);
  });
});

describe("status", () => {
  it.each([
    ["Sent", {}],
    ["Visible to everyone · recording deliveries…", { status: "queued" as const }],
    ["Expired", { status: "sending" as const, expired: true }],
    ["No longer kept", { expired: true, entries_dropped: true }],
    ["Recalled", { status: "recalled" as const, expired: true, entries_dropped: true }],
  ])("is %s for %j", (text, changes) => {
    expect(status(message(changes))).toBe(text);
  });
});

describe("percent", () => {
  it("is never 0 after the first, never 100 before the last, and never more", () => {
    const parts = [percent(0, 10), percent(1, 1000), percent(999, 1000), percent(10, 10), percent(3, 2), percent(0, 0)];
    expect(parts).toEqual([0, 1, 99, 100, 100, 0]);
  });
});
