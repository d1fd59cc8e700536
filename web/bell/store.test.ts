import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Credentials } from "./credentials";
import type { BellEvent } from "./events";
import { sharedName } from "./identity";
import { Inbox } from "./inbox";
import * as mutations from "./mutations";
import * as states from "./state";
import { listed, pinned } from "./state";
import { Store } from "./store";
import { installTabs, inTab, removeTabs, setHidden, Tab } from "./testing/browser";
import { asked, Hub, notification, SRC, tokenOf } from "./testing/hub";

const STREAM = "GET /v1/notifications/stream";
const COUNTS = "GET /v1/notifications/counts";
const FEED = "GET /v1/notifications?limit=20&status=all";

let hub: Hub;
let opened: Store[];

beforeEach(() => {
  vi.useFakeTimers();
  installTabs();
  hub = new Hub(3);
  opened = [];
});

afterEach(() => {
  for (const store of opened) store.stop();
  vi.useRealTimers();
});

const pass = (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds);

/** A store in a tab of its own; a new one begins with the notifications loaded and looked at. */
async function open({ tab = new Tab(), user = "ann", token = tokenOf(user), isWatching = true } = {}): Promise<Store> {
  const store = inTab(tab, () => {
    const credentials = new Credentials(token, undefined, () => true);
    const made = new Store(new Inbox(SRC, credentials), credentials, sharedName(SRC, token));
    made.start();
    if (isWatching) made.watch({}, "all");
    return made;
  });
  opened.push(store);
  await pass();
  return store;
}

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
const first = (store: Store) => {
  const [item] = listed(store.state, "all");
  if (!item) throw new Error("nothing is listed");
  return item;
};
const titles = (store: Store) => listed(store.state, "all").map((item) => item.title);
const marks = (store: Store) => listed(store.state, "all").map((item) => (item.read_at ? "read" : "unread"));

describe("what the user does", () => {
  it("shows at once, and is true once the server has said so", async () => {
    const store = await open();
    const done = store.mutate(mutations.markRead(first(store), true));
    expect(marks(store)).toEqual(["read", "unread", "unread"]);
    expect(store.state.counts).toEqual({ unread_count: 2, unseen_count: 2, to_acknowledge_count: 0 });
    await done;
    expect(marks(store)).toEqual(["read", "unread", "unread"]);
    expect(first(store).read_at).toBe(hub.inbox[0]?.read_at);
  });

  it("falls away when the server does not take it, whatever else has happened since", async () => {
    const store = await open();
    hub.refuse(`/v1/notifications/${first(store).id}`, 500);
    const done = store.mutate(mutations.archive(first(store), true));
    const second = store.mutate(mutations.markRead(notification(2), true));
    expect(titles(store)).toEqual(["Title 2", "Title 1"]);
    await expect(done).rejects.toMatchObject({ status: 500 });
    await second;
    expect(titles(store)).toEqual(["Title 3", "Title 2", "Title 1"]);
    expect(marks(store)).toEqual(["unread", "read", "unread"]);
    expect(store.state.counts).toEqual({ unread_count: 2, unseen_count: 2, to_acknowledge_count: 0 });
  });

  it("brings up the next pinned message where one of three is archived", async () => {
    for (const number of [4, 5, 6, 7]) hub.add(number, false, { pinned_until: inMinutes(60) });
    const store = await open();
    const pins = () => pinned(store.state, Date.now()).map((item) => item.title);
    expect(pins()).toEqual(["Title 7", "Title 6", "Title 5"]);
    await store.mutate(mutations.archive(first(store), true));
    await pass();
    expect(pins()).toEqual(["Title 6", "Title 5", "Title 4"]);
  });

  it("is tried again while the server is busy", async () => {
    const store = await open();
    hub.refuse(`/v1/notifications/${first(store).id}`, 503, { "Retry-After": "1" }, 2);
    const done = store.mutate(mutations.markRead(first(store), true));
    await pass(2_000);
    await done;
    expect(hub.inbox[0]?.read_at).not.toBeNull();
  });

  it("is not undone by counts that were asked for before it", async () => {
    const store = await open();
    hub.servesStream = false;
    hub.endStreams();
    let answer = (_: Response) => {};
    const late = new Promise<Response>((resolve) => {
      answer = resolve;
    });
    hub.instead.push({ path: "/v1/notifications/counts", answer: () => late });
    await pass(3_500);
    expect(hub.taken()).toContain(COUNTS);
    await pass(1);
    await store.mutate(mutations.markThrough(first(store), "read_at"));
    expect(store.state.counts).toEqual({ unread_count: 0, unseen_count: 0, to_acknowledge_count: 0 });
    answer(Response.json({ unread_count: 3, unseen_count: 3, to_acknowledge_count: 0 }));
    await pass();
    expect(store.state.counts).toEqual({ unread_count: 0, unseen_count: 0, to_acknowledge_count: 0 });
    await pass(1_000);
    expect(hub.taken()).toContain(COUNTS);
    expect(store.state.counts).toEqual({ unread_count: 0, unseen_count: 0, to_acknowledge_count: 0 });
  });
});

describe("a list", () => {
  it("comes page by page", async () => {
    hub = new Hub(45);
    const store = await open();
    expect(titles(store)).toHaveLength(20);
    await store.load("all", true);
    await store.load("all", true);
    expect(titles(store)).toHaveLength(45);
    expect(store.state.lists.all.cursor).toBeNull();
    hub.taken();
    await store.load("all", true);
    expect(hub.taken()).toEqual([]);
  });

  it("that cannot be loaded says so, keeps what it had, and loads when asked again", async () => {
    const store = await open();
    hub.refuse("/v1/notifications?", 500);
    await store.load("all");
    expect(store.state.lists.all.phase).toBe("failed");
    expect(titles(store)).toHaveLength(3);
    store.refresh();
    await pass();
    expect(store.state.lists.all.phase).toBe("ready");
  });

  it("is asked for with its ETag", async () => {
    const store = await open();
    await store.load("all");
    expect(
      hub.calls
        .filter((call) => call.path.includes("?"))
        .at(-1)
        ?.headers.get("If-None-Match"),
    ).toBeTruthy();
    expect(titles(store)).toHaveLength(3);
  });

  it("takes in what arrives, and lets go what is recalled", async () => {
    const store = await open();
    const added = hub.add(4);
    await pass();
    expect(titles(store)).toEqual(["Title 4", "Title 3", "Title 2", "Title 1"]);
    expect(store.state.counts).toEqual({ unread_count: 4, unseen_count: 4, to_acknowledge_count: 0 });
    hub.sendEvent("notification", added);
    await pass();
    expect(store.state.counts, "sent twice, counted once").toEqual({
      unread_count: 4,
      unseen_count: 4,
      to_acknowledge_count: 0,
    });
    hub.inbox.shift();
    hub.sendEvent("recalled", { id: added.id });
    await pass();
    expect(titles(store)).toEqual(["Title 3", "Title 2", "Title 1"]);
    expect(store.state.counts).toEqual({ unread_count: 3, unseen_count: 3, to_acknowledge_count: 0 });
  });

  it("is loaded again when the counts have changed without an event", async () => {
    hub.servesStream = false;
    const store = await open();
    hub.add(4, false);
    await pass(40_000);
    expect(titles(store)).toContain("Title 4");
  });

  it("is loaded by looking at it, and by nothing else", async () => {
    hub.servesStream = false;
    await open({ isWatching: false });
    hub.add(4, false);
    await pass(40_000);
    expect(hub.taken()).not.toContain(FEED);
  });
});

describe("what is meant for a time", () => {
  it("leaves list and counts at its time, by the clock where there is no stream", async () => {
    hub.servesStream = false;
    hub.add(4, false, { expires_at: inMinutes(10) });
    const store = await open();
    const events: (BellEvent | undefined)[] = [];
    store.subscribe((event) => events.push(event));
    await pass(10 * 60_000 - 1);
    expect(titles(store)).toContain("Title 4");
    await pass(1);
    expect(titles(store)).toEqual(["Title 3", "Title 2", "Title 1"]);
    expect(store.state.counts).toEqual({ unread_count: 3, unseen_count: 3, to_acknowledge_count: 0 });
    expect(events).toContainEqual({ kind: "expired", id: notification(4).id });
    hub.taken();
    await pass(3_000);
    expect(hub.taken(), "the server has the last word").toContain(COUNTS);
  });

  it("leaves in every tab when the stream says so, and stays away where the clock of the server is slow", async () => {
    hub.add(4, false, { expires_at: inMinutes(10) });
    const [one, other] = [await open(), await open()];
    hub.sendEvent("expired", { id: notification(4).id });
    await pass();
    for (const store of [one, other]) expect(titles(store)).toEqual(["Title 3", "Title 2", "Title 1"]);
    await pass(10 * 60_000);
    hub.inbox = hub.inbox.map((item) => ({ ...item, expires_at: null }));
    const late = { ...notification(4, { expires_at: inMinutes(-1) }), pinned_until: inMinutes(5) };
    const body = {
      data: [late, ...hub.inbox.slice(1)],
      pinned: [late],
      has_more: false,
      next_cursor: null,
      ...hub.counts,
    };
    hub.instead.push({ path: "/v1/notifications?", answer: () => Response.json(body) });
    await one.load("all");
    expect(titles(one)).toEqual(["Title 3", "Title 2", "Title 1"]);
  });

  it("is not brought back by what its reader still does to it", async () => {
    const added = hub.add(4, false, { expires_at: inMinutes(10) });
    const store = await open();
    await pass(10 * 60_000);
    await store.mutate(mutations.markRead(added, true));
    expect(titles(store)).not.toContain("Title 4");
    await store.find(added.id);
    expect(store.state.items.get(added.id)?.expired).toBe(true);
    expect(titles(store)).not.toContain("Title 4");
  });
});

describe("several tabs", () => {
  it("share one stream and one state", async () => {
    const one = await open();
    const other = await open();
    expect(hub.streams).toHaveLength(1);
    expect(other.state.connection).toBe("live");
    expect(other.state.counts).toEqual({ unread_count: 3, unseen_count: 3, to_acknowledge_count: 0 });
    hub.add(4);
    await pass();
    for (const store of [one, other]) expect(first(store).title).toBe("Title 4");
    hub.taken();
    await other.mutate(mutations.markRead(first(other), true));
    await pass();
    expect(hub.taken()).toEqual([`PUT /v1/notifications/${notification(4).id}/read`]);
    for (const store of [one, other]) {
      expect(marks(store)).toEqual(["read", "unread", "unread", "unread"]);
      expect(store.state.counts).toEqual({ unread_count: 3, unseen_count: 3, to_acknowledge_count: 0 });
    }
    await one.mutate(mutations.markThrough(first(one), "read_at"));
    await pass();
    expect(marks(other)).toEqual(["read", "read", "read", "read"]);
    expect(other.state.counts).toEqual({ unread_count: 0, unseen_count: 0, to_acknowledge_count: 0 });
  });

  it("share what is acknowledged in one of them, once the hub has it", async () => {
    const [one, other] = [await open(), await open()];
    const added = hub.add(4, true, asked());
    await pass();
    const asking = () => [one, other].map((store) => states.asking(store.state, []).length);
    expect([one, other].map((store) => store.state.counts?.to_acknowledge_count)).toEqual([1, 1]);
    const done = other.mutate(mutations.acknowledge(added));
    expect(asking()).toEqual([1, 1]);
    await done;
    await pass();
    expect(asking()).toEqual([0, 0]);
    for (const store of [one, other]) {
      expect(marks(store)[0]).toBe("read");
      expect(store.state.counts).toEqual({ unread_count: 3, unseen_count: 3, to_acknowledge_count: 0 });
    }
  });

  it("ask nothing for their counts but one of them", async () => {
    hub.servesStream = false;
    await open({ isWatching: false });
    await open({ isWatching: false });
    await open({ isWatching: false });
    await pass(1_000);
    expect(hub.taken()).toEqual([STREAM, COUNTS]);
  });

  it("of different users have nothing to do with each other", async () => {
    hub.tokens.add(tokenOf("bob"));
    await open();
    const bob = await open({ user: "bob" });
    expect(hub.streams).toHaveLength(2);
    const events: (BellEvent | undefined)[] = [];
    bob.subscribe((event) => events.push(event));
    await opened[0]?.mutate(mutations.markRead(notification(3), true));
    await pass();
    expect(events).toEqual([]);
  });

  it("pass the lead on when the leader goes", async () => {
    const one = await open();
    const other = await open();
    one.stop();
    await pass();
    expect(hub.streams).toHaveLength(1);
    hub.add(4);
    await pass();
    expect(first(other).title).toBe("Title 4");
  });

  it("pass the lead on to one that is looked at", async () => {
    const tab = new Tab();
    const hidden = await open({ tab });
    const seen = await open();
    hub.taken();
    setHidden(tab, true);
    await pass();
    expect(hub.taken()).toContain(STREAM);
    expect(hub.streams).toHaveLength(1);
    hub.add(4);
    await pass();
    for (const store of [hidden, seen]) expect(first(store).title).toBe("Title 4");
  });

  it("leave the lead with a hidden one while nobody else wants it, and take it when they do", async () => {
    const [tab, late] = [new Tab(), new Tab()];
    await open({ tab });
    setHidden(tab, true);
    await pass();
    expect(hub.streams).toHaveLength(1);
    late.isHidden = true;
    await open({ tab: late });
    hub.taken();
    setHidden(late, false);
    await pass();
    expect(hub.taken()).toContain(STREAM);
    expect(hub.streams).toHaveLength(1);
  });

  it("take the lead from one that is frozen", async () => {
    const tab = new Tab();
    await open({ tab });
    tab.isFrozen = true;
    await open();
    hub.taken();
    await pass(2_500);
    expect(hub.taken()).toContain(STREAM);
    expect(hub.streams).toHaveLength(1);
  });

  it("let another try when the leader's token is refused", async () => {
    hub.tokens.add(tokenOf("ann", 2));
    const one = await open();
    const other = await open({ token: tokenOf("ann", 2) });
    hub.tokens = new Set([tokenOf("ann", 2)]);
    hub.endStreams();
    await pass(8_000);
    expect(other.state.connection).toBe("live");
    hub.add(4);
    await pass();
    expect(one.state.counts?.unread_count, "the other one posts it").toBe(4);
    expect(hub.streams).toHaveLength(1);
  });

  it("work alone where the browser does not let them share", async () => {
    removeTabs();
    await open();
    await open();
    expect(hub.streams).toHaveLength(2);
  });

  it.each([
    ["denied", () => Promise.reject(new DOMException("denied", "SecurityError"))],
    ["broken", () => Promise.reject(new TypeError("not now"))],
  ])("each work alone, as quickly as ever, where locks are %s", async (_, request) => {
    Object.defineProperty(navigator, "locks", { configurable: true, value: { request, query: request } });
    const store = await open();
    expect(hub.streams).toHaveLength(1);
    hub.add(4);
    await pass(10_000);
    expect(first(store).title).toBe("Title 4");
    expect(hub.streams).toHaveLength(1);
    store.stop();
    await pass();
    expect(hub.streams).toHaveLength(0);
  });

  it("each work alone where channels are denied", async () => {
    vi.stubGlobal("BroadcastChannel", function denied() {
      throw new DOMException("denied", "SecurityError");
    });
    await open();
    expect(hub.streams).toHaveLength(1);
  });

  it("hold nothing while their page is kept for going back", async () => {
    const store = await open();
    window.dispatchEvent(new Event("pagehide"));
    await pass();
    expect(hub.streams).toHaveLength(0);
    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    await pass();
    expect(hub.streams).toHaveLength(1);
    expect(store.state.connection).toBe("live");
  });
});

describe("a user who is signed out", () => {
  it("is not asked for again and again, and goes on with a new token", async () => {
    const store = await open();
    hub.tokens = new Set([tokenOf("ann", 2)]);
    await store.load("all");
    expect(store.state.connection).toBe("signed-out");
    hub.taken();
    await pass(3_600_000);
    expect(hub.taken()).toEqual([]);
    store.setCredentials(tokenOf("ann", 2), undefined);
    await pass();
    expect(store.state.connection).toBe("live");
    expect(store.state.lists.all.phase).toBe("ready");
  });
});
