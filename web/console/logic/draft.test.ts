import { describe, expect, it } from "vitest";
import type { KeptDraft, NewMessage } from "../../api";
import { keptDraft } from "../samples";
import { BEGINNING, toAsked } from "./acknowledgement";
import { cleaned, EMPTY, fingerprint, fromKept, hasText, toFields, toMessage } from "./draft";
import { NO_OPTIONS } from "./options";
import { NOTHING } from "./selection";

const MESSAGE: NewMessage = { title: "Title", body: "Body", audience: { everyone: true } };
const DRAFT = { ...EMPTY, title: "Title", body: "Body", selection: { ...NOTHING, everyone: true } };
const OPTIONS = { ...NO_OPTIONS, category: "feature", priority: "important" as const };

describe("a draft", () => {
  it("is missed for what somebody wrote, not for what they ticked", () => {
    expect(hasText({ ...EMPTY, body: " \n" })).toBe(false);
    expect(hasText({ ...EMPTY, body: "A word" })).toBe(true);
  });

  it("is sent with the options that were chosen", () => {
    expect(toMessage(DRAFT)).toEqual(MESSAGE);
    expect(toMessage({ ...DRAFT, options: OPTIONS })).toEqual({
      ...MESSAGE,
      category: "feature",
      priority: "important",
    });
    expect(toMessage(EMPTY)).toBeNull();
  });

  it("is kept clean, and without what is not there yet", () => {
    const unfinished = { ...NO_OPTIONS, pinned_until: "" };
    expect(toFields({ ...EMPTY, title: " A\u200b title ", body: " \n", options: unfinished })).toEqual({
      ...{ title: "A title", body: null, audience: null, follows: null, only: null },
      ...{ category: null, priority: "normal", pinned_until: null, expires_at: null },
      ...{ acknowledgement: null, supersedes: null, change_summary: null },
    });
    const correction = { ...EMPTY, supersedes: "0190", change_summary: "Too few" };
    expect(toFields(correction)).toMatchObject({ supersedes: "0190", change_summary: null });
  });

  it("asks for an acknowledgement and replaces an earlier message where that was chosen", () => {
    const draft = { ...DRAFT, acknowledgement: BEGINNING, supersedes: "0190", change_summary: "Doses are corrected." };
    const stated = { acknowledgement: toAsked(BEGINNING), supersedes: "0190", change_summary: "Doses are corrected." };
    expect(toMessage(draft)).toEqual({ ...MESSAGE, ...stated });
    expect(fromKept(keptDraft(toFields(draft) as Partial<KeptDraft>))).toEqual(draft);
  });

  it("keeps its texts as the hub will store them", () => {
    const acknowledgement = { ...BEGINNING, statement: " I\u200b agree. " };
    expect(cleaned({ ...DRAFT, title: " Title ", acknowledgement })).toEqual({
      ...{ ...DRAFT, acknowledgement: { ...BEGINNING, statement: "I agree." } },
    });
  });

  it("goes to those who have not read the message that it follows, whatever is chosen", () => {
    const draft = { ...DRAFT, follows: "0190" };
    expect(toMessage(draft)).toEqual({ title: "Title", body: "Body", follows: "0190", only: "unread" });
    expect(toFields(draft)).toMatchObject({ audience: null, follows: "0190", only: "unread" });
    expect(fromKept(keptDraft(toFields(draft) as Partial<KeptDraft>)).follows).toBe("0190");
    const others = { ...draft, only: "not_acknowledged" as const };
    expect(fromKept(keptDraft(toFields(others) as Partial<KeptDraft>)).only).toBe("not_acknowledged");
  });

  it("is kept as it is where the hub will say what is wrong", () => {
    expect(toFields({ ...EMPTY, title: "x".repeat(71) }).title).toHaveLength(71);
  });

  it("comes back from the hub as it was", () => {
    const draft = {
      ...DRAFT,
      selection: { ...NOTHING, organisations: new Set(["north"]), clinics: new Set(["cedar", "aspen"]) },
      options: { ...OPTIONS, expires_at: "2026-12-05T17:00:00.000Z" },
    };
    const fields = {
      ...{ title: "Title", body: "Body", category: "feature", priority: "important" as const },
      ...{ audience: { organisations: ["north"], clinics: ["aspen", "cedar"] }, pinned_until: null },
      expires_at: "2026-12-05T17:00:00.000000Z",
    };
    expect(fromKept(keptDraft(fields))).toEqual(draft);
    expect(fingerprint(fromKept(keptDraft(fields)))).toBe(fingerprint(draft));
    expect(fromKept(keptDraft())).toEqual(EMPTY);
  });

  it("has the same fingerprint for what the hub keeps alike", () => {
    expect(fingerprint({ ...DRAFT, title: "Title " })).toBe(fingerprint(DRAFT));
    const clinics = { ...DRAFT.selection, clinics: new Set(["aspen"]) };
    expect(fingerprint({ ...DRAFT, selection: clinics })).toBe(fingerprint(DRAFT));
    expect(fingerprint({ ...DRAFT, body: "Another" })).not.toBe(fingerprint(DRAFT));
  });
});
