import { beforeEach, describe, expect, it, vi } from "vitest";
import type { NewMessage } from "../../api";
import { type Draft, DraftStore, EMPTY, hasText, mayDuplicate, withAttempt, withRefusal } from "./draft";
import { NOTHING } from "./selection";

const MESSAGE: NewMessage = { title: "Title", body: "Body", audience: { everyone: true } };
const OTHER: NewMessage = { ...MESSAGE, body: "Another body" };
const DRAFT: Draft = {
  title: "Title",
  body: "Body\nwith a line",
  selection: { everyone: false, organisations: new Set(["north"]), clinics: new Set(["cedar", "aspen"]) },
  attempt: null,
};

function keys(): () => string {
  let count = 0;
  return () => `key-${++count}`;
}

describe("an attempt", () => {
  it("keeps its key for the same request, however often it is made", () => {
    const newKey = keys();
    const first = withAttempt(EMPTY, MESSAGE, newKey);
    const second = withAttempt(first, MESSAGE, newKey);
    expect([first.attempt.key, second.attempt.key]).toEqual(["key-1", "key-1"]);
  });

  it("gets a new key for other content", () => {
    const newKey = keys();
    const first = withAttempt(EMPTY, MESSAGE, newKey);
    expect(withAttempt(first, OTHER, newKey).attempt.key).toBe("key-2");
  });

  it("has its key back when a change is taken back before anything else was sent", () => {
    const newKey = keys();
    const first = withAttempt(EMPTY, MESSAGE, newKey);
    const edited: Draft = { ...first, body: "changed" };
    expect(withAttempt({ ...edited, body: first.body }, MESSAGE, newKey).attempt.key).toBe("key-1");
  });

  it("may make a second message only where the first may have arrived and the content is another", () => {
    const open = withAttempt(EMPTY, MESSAGE, keys());
    expect(mayDuplicate(open, MESSAGE)).toBe(false);
    expect(mayDuplicate(open, OTHER)).toBe(true);
    expect(mayDuplicate(withRefusal(open, "validation-failed"), OTHER)).toBe(false);
    expect(mayDuplicate(EMPTY, OTHER)).toBe(false);
  });

  it("drops a key that the hub has refused", () => {
    expect(withRefusal(withAttempt(EMPTY, MESSAGE, keys()), "idempotency-key-reused").attempt).toBeNull();
  });
});

describe("DraftStore", () => {
  beforeEach(() => localStorage.clear());

  it("brings a draft back after a reload, with its key", () => {
    const draft = withAttempt(DRAFT, MESSAGE, keys());
    expect(new DraftStore(localStorage, "demo/amara").save(draft)).toBe(true);
    expect(new DraftStore(localStorage, "demo/amara").load()).toEqual(draft);
  });

  it("keeps each user’s draft apart", () => {
    new DraftStore(localStorage, "demo/amara").save(DRAFT);
    expect(new DraftStore(localStorage, "demo/fiona").load()).toEqual(EMPTY);
  });

  it("forgets it when told to", () => {
    const store = new DraftStore(localStorage, "demo/amara");
    store.save(DRAFT);
    store.clear();
    expect(store.load()).toEqual(EMPTY);
    expect(localStorage.length).toBe(0);
  });

  it("keeps nothing of an empty draft", () => {
    const store = new DraftStore(localStorage, "demo/amara");
    store.save(DRAFT);
    store.save({ ...EMPTY, attempt: DRAFT.attempt });
    expect(localStorage.length).toBe(0);
  });

  it.each(["{", "null", "[]", "7", '{"title": 7, "organisations": {"a": 1}, "attempt": {"key": 3}}'])(
    "takes %s in the storage for an empty draft",
    (text) => {
      localStorage.setItem("message-hub:draft:demo/amara", text);
      expect(new DraftStore(localStorage, "demo/amara").load()).toEqual(EMPTY);
    },
  );

  it("says so when the browser keeps nothing", () => {
    const full = {
      getItem: () => null,
      setItem: vi.fn().mockImplementation(() => {
        throw new DOMException("full");
      }),
    };
    expect(new DraftStore(full as unknown as Storage, "demo/amara").save(DRAFT)).toBe(false);
    expect(new DraftStore(null, "demo/amara").save(DRAFT)).toBe(false);
  });
});

describe("hasText", () => {
  it("is about what somebody wrote, not about what they ticked", () => {
    expect(hasText(DRAFT)).toBe(true);
    expect(hasText({ ...EMPTY, body: " \n" })).toBe(false);
    expect(hasText({ ...EMPTY, selection: { ...NOTHING, everyone: true } })).toBe(false);
  });
});
