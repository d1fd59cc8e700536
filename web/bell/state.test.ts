import { describe, expect, it } from "vitest";
import type { Feed, Notification } from "../api";
import * as states from "./state";
import { EMPTY, type State, type View } from "./state";
import { asked, notification } from "./testing/hub";

const AT = "2026-11-22T12:00:00.000000Z";

function page(items: Notification[], next: string | null = null): Feed {
  return {
    data: items,
    pinned: [],
    to_acknowledge: [],
    has_more: next !== null,
    next_cursor: next,
    unread_count: items.length,
    unseen_count: items.length,
    to_acknowledge_count: 0,
  };
}

/** With these listed, newest first. */
function having(numbers: number[], next: string | null = null, view: View = "all"): State {
  return states.withPage(
    EMPTY,
    view,
    page(
      numbers.map((number) => notification(number)),
      next,
    ),
    false,
  );
}

const titles = (state: State, view: View = "all") =>
  states.listed(state, view).map((item) => Number(item.title.slice(6)));

describe("a page", () => {
  it("that follows is put below, once", () => {
    const state = states.withPage(
      having([5, 4, 3], "c1"),
      "all",
      page([3, 2, 1].map((number) => notification(number))),
      true,
    );
    expect(titles(state)).toEqual([5, 4, 3, 2, 1]);
    expect(state.lists.all.cursor).toBeNull();
  });

  it("that is the first again keeps what was loaded below it, and the cursor there", () => {
    const loaded = states.withPage(
      having([4, 3], "c1"),
      "all",
      page(
        [2, 1].map((number) => notification(number)),
        "c2",
      ),
      true,
    );
    const state = states.withPage(loaded, "all", page([notification(5), notification(4)], "c0"), false);
    expect(titles(state)).toEqual([5, 4, 3, 2, 1]);
    expect(state.lists.all.cursor).toBe("c2");
  });

  it("says what has gone from among its own", () => {
    const state = states.withPage(
      having([4, 3, 2], "c1"),
      "all",
      page([notification(4), notification(2)], "c1"),
      false,
    );
    expect(titles(state)).toEqual([4, 2]);
  });

  it("that is the only one leaves nothing below it", () => {
    expect(titles(states.withPage(having([4, 3], "c1"), "all", page([notification(4)]), false))).toEqual([4]);
  });
});

describe("a notification", () => {
  it("that comes late is put where its time belongs", () => {
    expect(titles(states.withItem(having([5, 3, 1]), notification(4)))).toEqual([5, 4, 3, 1]);
    expect(titles(states.withItem(having([5, 3]), notification(1)))).toEqual([5, 3, 1]);
  });

  it("below all that is loaded waits for its page", () => {
    expect(titles(states.withItem(having([5, 4], "c1"), notification(1)))).toEqual([5, 4]);
  });

  it("goes to no list that was never loaded", () => {
    expect(states.withItem(EMPTY, notification(1)).lists.all.ids).toEqual([]);
  });

  it("leaves when it is archived, and comes back to its place", () => {
    const archived = states.withItem(having([3, 2, 1]), notification(2, { archived_at: AT }));
    expect(titles(archived)).toEqual([3, 1]);
    expect(titles(states.withItem(archived, notification(2)))).toEqual([3, 2, 1]);
  });

  it("that was just read stays among the unread until they are loaded again", () => {
    const state = having([2, 1], null, "unread");
    expect(titles(states.withItem(state, notification(2, { read_at: AT })), "unread")).toEqual([2, 1]);
    expect(titles(states.withItem(state, notification(3, { read_at: AT })), "unread")).toEqual([2, 1]);
  });

  it("that is recalled is in no list", () => {
    const state = states.without(having([2, 1]), notification(2).id);
    expect(titles(state)).toEqual([1]);
    expect(state.items.size).toBe(1);
  });
});

describe("everything up to one", () => {
  it("is read from there on down, and the first time is kept", () => {
    const before = states.withItem(
      having([3, 2, 1]),
      notification(1, { read_at: "2026-11-22T11:00:00.000000Z", seen_at: AT }),
    );
    const after = states.withThrough(before, notification(2), "read_at", AT);
    expect(states.listed(after, "all").map((item) => item.read_at)).toEqual([null, AT, "2026-11-22T11:00:00.000000Z"]);
    expect(states.listed(after, "all").map((item) => item.seen_at)).toEqual([null, AT, AT]);
  });

  it("leaves only what came later to be counted", () => {
    const state = states.withCounts(having([4, 3, 2]), { unread_count: 50, unseen_count: 40, to_acknowledge_count: 0 });
    const through = notification(3);
    expect(states.countsAfter(state, through, "read_at")).toEqual({
      unread_count: 1,
      unseen_count: 1,
      to_acknowledge_count: 0,
    });
    expect(states.countsAfter(state, through, "seen_at")).toEqual({
      unread_count: 50,
      unseen_count: 1,
      to_acknowledge_count: 0,
    });
  });
});

describe("the counts", () => {
  const counts = { unread_count: 2, unseen_count: 1, to_acknowledge_count: 0 };

  it("follow one notification", () => {
    const unread = notification(1);
    const read = notification(1, { read_at: AT, seen_at: AT });
    expect(states.recount(counts, unread, read)).toEqual({ unread_count: 1, unseen_count: 0, to_acknowledge_count: 0 });
    expect(states.recount(counts, read, { ...read, read_at: null })).toEqual({
      unread_count: 3,
      unseen_count: 1,
      to_acknowledge_count: 0,
    });
    expect(states.recount(counts, unread, { ...unread, archived_at: AT })).toEqual({
      unread_count: 1,
      unseen_count: 0,
      to_acknowledge_count: 0,
    });
    expect(states.recount(counts, undefined, unread)).toEqual({
      unread_count: 3,
      unseen_count: 2,
      to_acknowledge_count: 0,
    });
  });

  it("are never below nothing, and unknown until the server has said them", () => {
    expect(states.recount({ unread_count: 0, unseen_count: 0, to_acknowledge_count: 0 }, notification(1))).toEqual({
      unread_count: 0,
      unseen_count: 0,
      to_acknowledge_count: 0,
    });
    expect(states.recount(undefined, notification(1))).toBeUndefined();
  });
});

describe("pins", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  const until = "2026-11-23T12:00:00.000000Z";
  const pinnedNumbers = (state: State, at = now) => states.pinned(state, at).map((item) => Number(item.title.slice(6)));

  /** Listed are the newest; `pinned` is what the server names. */
  const answer = (items: Notification[], pinned: Notification[]) =>
    states.withPage(EMPTY, "all", { ...page(items, "c1"), pinned }, false);

  it("are those that the server names, also of older pages, until their time", () => {
    const old = notification(1, { pinned_until: until });
    const state = answer([notification(9), notification(8)], [notification(8, { pinned_until: until }), old]);
    expect(pinnedNumbers(state)).toEqual([8, 1]);
    expect(pinnedNumbers(state, Date.parse(until))).toEqual([]);
    expect(titles(state), "in their place as well").toEqual([9, 8]);
  });

  it("are three at most: the newest, without what is archived", () => {
    const all = [5, 4, 3].map((number) => notification(number, { pinned_until: until }));
    const state = states.withItem(answer(all, all), notification(6, { pinned_until: until }));
    expect(pinnedNumbers(state)).toEqual([6, 5, 4]);
    const archived = states.withItem(state, notification(5, { pinned_until: until, archived_at: AT }));
    expect(pinnedNumbers(archived)).toEqual([6, 4, 3]);
    expect(pinnedNumbers(states.without(archived, notification(6).id))).toEqual([4, 3]);
  });
});

describe("what is to be acknowledged", () => {
  const numbers = (state: State, kept: string[] = []) =>
    states.asking(state, kept).map((item) => Number(item.title.slice(6)));
  const answer = (items: Notification[], to_acknowledge: Notification[]) =>
    states.withPage(EMPTY, "all", { ...page(items, "c1"), to_acknowledge }, false);
  const [old, urgent, later] = [
    notification(1, asked("2026-11-24T12:00:00.000000Z")),
    notification(5, asked("2026-11-23T12:00:00.000000Z")),
    notification(6, asked()),
  ];

  it("is what the server names, also of older pages, and what has come since, the earliest due first", () => {
    const state = states.withItem(answer([notification(7), urgent], [urgent, old]), later);
    expect(numbers(state)).toEqual([5, 1, 6]);
    const done = states.withItem(state, { ...urgent, ...asked("2026-11-23T12:00:00.000000Z", AT) });
    expect(numbers(done)).toEqual([1, 6]);
    expect(numbers(done, [urgent.id]), "what is kept stays in its place").toEqual([5, 1, 6]);
    const archived = { ...urgent, ...asked(null, AT), archived_at: AT };
    expect(numbers(states.withItem(done, archived), [urgent.id])).toEqual([1, 6]);
    expect(numbers(states.withItem(done, { ...old, expired: true }))).toEqual([6]);
    expect(numbers(states.without(done, old.id), [urgent.id, old.id])).toEqual([5, 6]);
  });

  it("ends with what the server names no more, and not with an older page", () => {
    const state = answer([urgent], [urgent, old]);
    expect(numbers(states.withPage(state, "all", page([notification(4)]), true))).toEqual([5, 1]);
    expect(
      numbers(states.withPage(state, "all", { ...page([urgent]), to_acknowledge: [urgent] }, false), [old.id]),
    ).toEqual([5]);
  });

  it("is counted", () => {
    const counts = { unread_count: 2, unseen_count: 2, to_acknowledge_count: 1 };
    const of = (before?: Notification, after?: Notification) =>
      states.recount(counts, before, after)?.to_acknowledge_count;
    expect(of(undefined, urgent)).toBe(2);
    expect(of(urgent, { ...urgent, ...asked(null, AT) })).toBe(0);
    expect(of(urgent)).toBe(0);
    expect(of(urgent, { ...urgent, read_at: AT })).toBe(1);
  });
});

describe("the clock", () => {
  it("is next wanted when a message expires or a pin ends", () => {
    const now = Date.parse("2026-11-22T12:00:00Z");
    const soon = notification(2, { expires_at: "2026-11-22T12:30:00.000000Z" });
    const later = notification(1, { pinned_until: "2026-11-22T13:00:00.000000Z" });
    const state = states.withPage(EMPTY, "all", page([notification(3), soon, later]), false);
    expect(states.nextTime(state, now)).toBe(now + 30 * 60_000);
    expect(states.nextTime(state, now + 30 * 60_000)).toBe(now + 60 * 60_000);
    expect(states.nextTime(state, now + 60 * 60_000)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("a list of one category", () => {
  it("takes in what is of it, and nothing else", () => {
    const key = "all:a: b";
    const first = states.withPage(EMPTY, key, page([notification(1, { category: "a: b" })]), false);
    const state = states.withItem(
      states.withItem(first, notification(2, { category: "a: b" })),
      notification(3, { category: "a" }),
    );
    expect(states.listed(state, key).map((item) => item.title)).toEqual(["Title 2", "Title 1"]);
    expect(states.listed(states.without(state, notification(2).id), key)).toHaveLength(1);
  });
});
