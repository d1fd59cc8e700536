import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Credentials } from "./credentials";
import type { BellEvent } from "./events";
import { Inbox } from "./inbox";
import { Link } from "./link";
import { Hub, SRC, tokenOf } from "./testing/hub";

const MINUTE = 60_000;
const COUNTS = "GET /v1/notifications/counts";
const STREAM = "GET /v1/notifications/stream";

let hub: Hub;
let link: Link;
let events: BellEvent[];
let isHidden: boolean;
let isOnline: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  isHidden = false;
  isOnline = true;
  vi.spyOn(document, "hidden", "get").mockImplementation(() => isHidden);
  vi.spyOn(navigator, "onLine", "get").mockImplementation(() => isOnline);
  hub = new Hub(3);
  events = [];
});

afterEach(() => {
  link.stop();
  vi.useRealTimers();
});

async function start(ask?: () => Promise<string>): Promise<void> {
  const credentials = new Credentials(tokenOf("ann"), ask, () => true);
  link = new Link(new Inbox(SRC, credentials), (event) => events.push(event));
  link.start();
  await pass(0);
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

function setHidden(hidden: boolean): void {
  isHidden = hidden;
  document.dispatchEvent(new Event("visibilitychange"));
}

function setOnline(online: boolean): void {
  isOnline = online;
  window.dispatchEvent(new Event(online ? "online" : "offline"));
}

const connections = () => events.flatMap((event) => (event.kind === "connection" ? [event.connection] : []));

describe("with a stream", () => {
  it("needs one request to know the counts and to be live", async () => {
    await start();
    expect(hub.taken()).toEqual([STREAM]);
    expect(connections()).toEqual(["live"]);
    expect(events).toContainEqual({
      kind: "counts",
      counts: { unread_count: 3, unseen_count: 3, to_acknowledge_count: 0 },
      asked: Date.now(),
    });
  });

  it("emits what arrives, at once and without a request", async () => {
    await start();
    hub.taken();
    const added = hub.add(4);
    await pass(0);
    expect(events.at(-1)).toEqual({ kind: "arrived", notification: added, isCounted: false });
    expect(hub.taken()).toEqual([]);
  });

  it("asks for the counts once in a minute or two", async () => {
    await start();
    for (let time = 0; time < 40; time += 1) {
      hub.send(": still here\n\n");
      await pass(15_000);
    }
    const taken = hub.taken();
    expect(taken.filter((one) => one === STREAM)).toHaveLength(1);
    expect(taken.filter((one) => one === COUNTS).length).toBeGreaterThanOrEqual(5);
    expect(taken.filter((one) => one === COUNTS).length).toBeLessThanOrEqual(10);
  });

  it("asks instead of guessing when counts that are under way may have a newcomer in them", async () => {
    await start();
    let release = () => {};
    const waits = new Promise<void>((resolve) => {
      release = resolve;
    });
    const answer = async () => {
      await waits;
      return Response.json({ unread_count: 3, unseen_count: 3, to_acknowledge_count: 0 });
    };
    hub.instead.push({ path: "/v1/notifications/counts", answer });
    link.ask();
    await pass(0);
    hub.taken();
    hub.add(4);
    await pass(0);
    expect(events.at(-1)).toMatchObject({ kind: "arrived", isCounted: true });
    release();
    await pass(0);
    expect(hub.taken()).toEqual([COUNTS]);
    expect(events.at(-1)).toMatchObject({ kind: "counts", counts: { unread_count: 4 } });
  });

  it("comes back where it stopped, after the pause that the server asked for", async () => {
    await start();
    hub.add(4);
    await pass(0);
    hub.endStreams();
    await pass(1_500);
    expect(connections()).toEqual(["live", "polling"]);
    await pass(1_000);
    const last = hub.calls.filter((call) => call.path.endsWith("stream")).at(-1);
    expect(last?.headers.get("Last-Event-ID")).toBe("cursor-4");
    expect(connections()).toEqual(["live", "polling", "live"]);
  });

  it("does without the place to resume from when that is refused", async () => {
    await start();
    hub.refuse("/v1/notifications/stream", 400);
    hub.endStreams();
    await pass(10_000);
    const streams = hub.calls.filter((call) => call.path.endsWith("stream"));
    expect(streams.map((call) => call.headers.get("Last-Event-ID"))).toEqual([null, "cursor-3", null]);
  });

  it("notices one that has gone silent", async () => {
    await start();
    await pass(39_000);
    expect(connections()).toEqual(["live"]);
    await pass(2_000);
    expect(connections()).toEqual(["live", "polling"]);
  });

  it("emits what was recalled and what has expired, and that lists are stale when the stream cannot send everything", async () => {
    await start();
    events.length = 0;
    hub.sendEvent("recalled", { id: "gone" });
    hub.sendEvent("sync", {});
    hub.sendEvent("expired", { id: "over" });
    hub.sendEvent("something-new", { of: "the future" });
    await pass(0);
    expect(events).toEqual([{ kind: "recalled", id: "gone" }, { kind: "stale" }, { kind: "expired", id: "over" }]);
    hub.taken();
    await pass(3_000);
    expect(hub.taken(), "for the counts that neither carries").toEqual([COUNTS]);
  });
});

describe("without a stream", () => {
  beforeEach(() => {
    hub.servesStream = false;
  });

  it("asks for the counts, again and again but not in step with others", async () => {
    await start();
    await pass(1_000);
    expect(connections()).toEqual(["polling"]);
    expect(hub.taken()).toEqual([STREAM, COUNTS]);
    vi.spyOn(Math, "random").mockReturnValue(0);
    link.ask();
    await pass(0);
    hub.taken();
    await pass(23_900);
    expect(hub.taken()).toEqual([]);
    vi.mocked(Math.random).mockReturnValue(0.999);
    await pass(100);
    expect(hub.taken()).toEqual([COUNTS]);
    await pass(35_000);
    expect(hub.taken()).toEqual([]);
    await pass(1_000);
    expect(hub.taken()).toEqual([COUNTS]);
  });

  it("does not look for one again for minutes", async () => {
    await start();
    await pass(4 * MINUTE);
    expect(hub.taken().filter((one) => one === STREAM)).toHaveLength(1);
    await pass(7 * MINUTE);
    expect(hub.taken()).toContain(STREAM);
  });

  it("carries the ETag, and takes a 304 for the same counts again", async () => {
    await start();
    await pass(1_000);
    events.length = 0;
    link.ask();
    await pass(0);
    expect(hub.calls.at(-1)?.headers.get("If-None-Match")).toMatch(/^".+"$/);
    expect(events).toMatchObject([{ kind: "counts", counts: { unread_count: 3 } }]);
  });

  it("asks ever less often while that fails, and as the server asks", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    hub.refuse("/v1/notifications/counts", 500, {}, 3);
    hub.refuse("/v1/notifications/counts", 503, { "Retry-After": "90" });
    await start();
    await pass(1_000);
    expect(connections()).toEqual(["offline"]);
    hub.taken();
    const times: number[] = [];
    for (let second = 0; second < 200; second += 1) {
      await pass(1_000);
      if (hub.taken().includes(COUNTS)) times.push(second + 1);
    }
    expect(times).toEqual([5, 15, 35, 165]);
    expect(connections()).toEqual(["offline", "polling"]);
  });
});

describe("a page that nobody looks at", () => {
  it("asks nothing, and asks at once when it is looked at again", async () => {
    hub.servesStream = false;
    await start();
    await pass(1_000);
    setHidden(true);
    hub.taken();
    await pass(10 * MINUTE);
    expect(hub.taken().filter((one) => one === COUNTS)).toEqual([]);
    setHidden(false);
    await pass(1_000);
    expect(hub.taken()).toContain(COUNTS);
  });

  it("keeps its stream for some minutes, and takes it up again", async () => {
    await start();
    setHidden(true);
    for (let time = 0; time < 19; time += 1) {
      hub.send(": still here\n\n");
      await pass(15_000);
    }
    expect(hub.streams).toHaveLength(1);
    await pass(15_000);
    expect(hub.streams).toHaveLength(0);
    hub.taken();
    setHidden(false);
    await pass(0);
    expect(hub.taken()).toEqual([STREAM]);
    expect(hub.streams).toHaveLength(1);
  });
});

describe("a browser without a network", () => {
  it("asks nothing until there is one", async () => {
    await start();
    setOnline(false);
    expect(connections()).toEqual(["live", "offline"]);
    hub.taken();
    await pass(10 * MINUTE);
    expect(hub.taken()).toEqual([]);
    setOnline(true);
    await pass(0);
    expect(connections()).toEqual(["live", "offline", "live"]);
  });
});

describe("a token", () => {
  it("that has expired is replaced, and the stream goes on with the new one", async () => {
    const ask = vi.fn(async () => tokenOf("ann", 2));
    await start(ask);
    hub.tokens = new Set([tokenOf("ann", 2)]);
    hub.endStreams();
    await pass(3_000);
    expect(ask).toHaveBeenCalledTimes(1);
    expect(connections()).toEqual(["live", "polling", "live"]);
  });

  it("that nobody can replace ends everything", async () => {
    await start();
    hub.tokens = new Set();
    hub.endStreams();
    await pass(10_000);
    expect(connections()).toEqual(["live", "polling", "signed-out"]);
    hub.taken();
    await pass(60 * MINUTE);
    expect(hub.taken()).toEqual([]);
  });
});

it("leaves nothing behind when it is stopped", async () => {
  await start();
  link.stop();
  hub.taken();
  setHidden(true);
  setHidden(false);
  setOnline(true);
  await pass(60 * MINUTE);
  expect(hub.taken()).toEqual([]);
  expect(hub.streams).toEqual([]);
});
