import { describe, expect, it } from "vitest";
import type { NewMessage } from "../../api";
import { hasText, isEmpty, mayDiffer, newDraft, toMessage, withAttempt, withRefusal } from "./draft";
import { NO_OPTIONS } from "./options";
import { NOTHING } from "./selection";

const MESSAGE: NewMessage = { title: "Title", body: "Body", audience: { everyone: true } };
const OTHER: NewMessage = { ...MESSAGE, body: "Another body" };

describe("a draft", () => {
  it("has a key of its own from the beginning", () => {
    const keys = new Set(Array.from({ length: 100 }, () => newDraft().key));
    expect(keys.size).toBe(100);
    for (const key of keys) expect(key).toMatch(/^[\x21-\x7e]{32}$/);
  });

  it("keeps its key, whatever is changed after an attempt", () => {
    const draft = newDraft();
    expect(withAttempt(withAttempt(draft, MESSAGE), OTHER).key).toBe(draft.key);
    expect(withRefusal(withAttempt(draft, MESSAGE), "validation-failed").key).toBe(draft.key);
  });

  it("gets another key once a message with other content has arrived under it", () => {
    const draft = newDraft();
    const refused = withRefusal(withAttempt(draft, MESSAGE), "idempotency-key-reused");
    expect(refused.key).not.toBe(draft.key);
    expect(refused.unanswered).toBeNull();
  });

  it("may differ from what has arrived only where an attempt with other content got no answer", () => {
    const open = withAttempt(newDraft(), MESSAGE);
    expect(mayDiffer(open, MESSAGE)).toBe(false);
    expect(mayDiffer(open, OTHER)).toBe(true);
    expect(mayDiffer(withRefusal(open, "validation-failed"), OTHER)).toBe(false);
    expect(mayDiffer(newDraft(), OTHER)).toBe(false);
  });

  it("is missed for what somebody wrote, not for what they ticked", () => {
    const ticked = { ...newDraft(), selection: { ...NOTHING, everyone: true } };
    expect([hasText(ticked), isEmpty(ticked)]).toEqual([false, false]);
    expect(hasText({ ...newDraft(), body: " \n" })).toBe(false);
    expect(hasText({ ...newDraft(), body: "A word" })).toBe(true);
    expect(isEmpty(newDraft())).toBe(true);
  });

  it("is sent with the options that were chosen, and is no empty draft with one of them", () => {
    const draft = { ...newDraft(), title: "Title", body: "Body", selection: { ...NOTHING, everyone: true } };
    expect(toMessage(draft)).toEqual(MESSAGE);
    const options = { ...NO_OPTIONS, category: "feature", priority: "important" as const };
    expect(toMessage({ ...draft, options })).toEqual({ ...MESSAGE, category: "feature", priority: "important" });
    expect(toMessage(newDraft())).toBeNull();
    expect(isEmpty({ ...newDraft(), options })).toBe(false);
  });
});
