import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Draft } from "./draft";
import { DraftStore, type OnOtherTab } from "./drafts";
import { NO_OPTIONS } from "./options";
import { NOTHING } from "./selection";

const USER = "demo/amara";
const TEXT = {
  title: "Title",
  body: "Body\nwith a line",
  selection: { everyone: false, organisations: new Set(["north"]), clinics: new Set(["cedar", "aspen"]) },
  options: {
    category: "feature",
    priority: "important" as const,
    pinned_until: "",
    expires_at: "2026-12-05T17:00:00.000Z",
  },
};
const ignore: OnOtherTab = () => undefined;

/** Web Locks as far as drafts need them. */
function makeLocks() {
  const held = new Set<string>();
  return {
    request: async (name: string, _options: LockOptions, work: (lock: unknown) => unknown) => {
      if (held.has(name)) return work(null);
      held.add(name);
      try {
        return await work({ name });
      } finally {
        held.delete(name);
      }
    },
  };
}

const useLocks = (locks: unknown) => Object.defineProperty(navigator, "locks", { configurable: true, value: locks });

/** What one tab keeps over a reload. */
function makeTab(): Storage {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    removeItem: (name: string) => kept.delete(name),
  };
  return storage as unknown as Storage;
}

const make = (tab = makeTab(), user = USER) => new DraftStore(localStorage, tab, user);

async function write(store: DraftStore, change: Partial<Draft> = {}): Promise<Draft> {
  const draft = { ...(await store.open(ignore)), ...TEXT, ...change };
  expect(store.save(draft)).toBe(true);
  return draft;
}

beforeEach(() => {
  localStorage.clear();
  useLocks(makeLocks());
});

describe("in one tab", () => {
  it("brings a draft back after a reload, with its key", async () => {
    const store = make();
    const draft = await write(store, { unanswered: "{}" });
    store.close();
    expect(await make().open(ignore)).toMatchObject(draft);
  });

  it("keeps each user’s drafts apart", async () => {
    const store = make();
    await write(store);
    store.close();
    expect((await make(makeTab(), "demo").open(ignore)).title).toBe("");
    expect((await make(makeTab(), "demo/amara:x").open(ignore)).title).toBe("");
  });

  it("forgets a draft that was sent or emptied, and all of them when its user signs out", async () => {
    const store = make();
    store.remove(await write(store));
    expect(localStorage.length).toBe(0);
    store.save({ ...(await write(store)), title: "", body: "", selection: NOTHING, options: NO_OPTIONS });
    expect(localStorage.length).toBe(0);
    await write(store);
    await write(make());
    store.clear();
    expect(localStorage.length).toBe(0);
  });

  it.each(["{", "null", "[]", "7", '{"title": 7, "key": {"a": 1}}'])("does not open %s as a draft", async (text) => {
    localStorage.setItem(`message-hub:draft:${USER}:${"0".repeat(32)}`, text);
    expect((await make().open(ignore)).title).toBe("");
  });

  it("says so when the browser keeps nothing", async () => {
    const full = {
      setItem: vi.fn().mockImplementation(() => {
        throw new DOMException("full");
      }),
    };
    for (const storage of [full as unknown as Storage, null]) {
      const store = new DraftStore(storage, null, USER);
      expect(store.save({ ...(await store.open(ignore)), ...TEXT })).toBe(false);
    }
  });
});

describe("in two tabs", () => {
  it("each has a draft of its own, under a key of its own", async () => {
    const [one, other] = [await write(make(), { title: "One" }), await write(make(), { title: "Other" })];
    expect(one.key).not.toBe(other.key);
    expect(localStorage.length).toBe(2);
  });

  it("each has its own back after a reload", async () => {
    const [tab, otherTab] = [makeTab(), makeTab()];
    const [store, other] = [make(tab), make(otherTab)];
    await write(store, { title: "One" });
    await write(other, { title: "Other" });
    store.close();
    other.close();
    expect((await make(tab).open(ignore)).title).toBe("One");
    expect((await make(otherTab).open(ignore)).title).toBe("Other");
  });

  it("a tab that was duplicated does not open the draft of the first", async () => {
    const tab = makeTab();
    await write(make(tab));
    expect((await make(tab).open(ignore)).title).toBe("");
  });

  it.each([
    ["missing", undefined],
    ["denied", { request: () => Promise.reject(new DOMException("denied", "SecurityError")) }],
    [
      "forbidden to ask",
      {
        request: () => {
          throw new DOMException("denied", "SecurityError");
        },
      },
    ],
  ])(
    "where locks are %s the same draft has the same key, and each tab takes over what the other does",
    async (_, locks) => {
      useLocks(locks);
      const [store, other] = [make(), make()];
      const draft = await write(store);
      const changes: (Draft | null)[] = [];
      expect((await other.open((change) => changes.push(change))).key).toBe(draft.key);
      const name = `message-hub:draft:${USER}:${draft.id}`;
      const tell = () =>
        window.dispatchEvent(new StorageEvent("storage", { key: name, newValue: localStorage.getItem(name) }));
      store.save({ ...draft, title: "Changed" });
      tell();
      expect(changes).toMatchObject([{ ...draft, title: "Changed" }]);
      store.remove(draft);
      tell();
      expect(changes.at(-1)).toBeNull();
      other.close();
      tell();
      expect(changes).toHaveLength(2);
    },
  );
});
