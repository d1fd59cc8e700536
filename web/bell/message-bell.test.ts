import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MessageBell } from ".";
import { installTabs } from "./testing/browser";
import { all, click, heard, label, mount, open, pass, text } from "./testing/element";
import { Hub, notification, SRC, tokenOf } from "./testing/hub";

const SEEN = "POST /v1/notifications/seen";

let hub: Hub;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-22T12:00:00Z") });
  installTabs();
  hub = new Hub(3);
});

afterEach(() => {
  document.body.replaceChildren();
  document.documentElement.removeAttribute("lang");
  vi.useRealTimers();
});

describe("the bell", () => {
  it("says how many are new, in its badge and in its name", async () => {
    const bell = await mount();
    expect(text(bell, ".badge")).toEqual(["3"]);
    expect(label(bell)).toBe("Messages, 3 new messages");
  });

  it("has no badge when nothing is new, and a short one when much is", async () => {
    hub = new Hub(0);
    const bell = await mount();
    expect(text(bell, ".badge")).toEqual([]);
    expect(label(bell)).toBe("Messages");
    for (let number = 1; number <= 120; number += 1) hub.add(number);
    await pass();
    expect(text(bell, ".badge")).toEqual(["99+"]);
    expect(label(bell)).toBe("Messages, 120 new messages");
  });

  it("sends its page an event for counts, arrivals and the connection", async () => {
    const [counts, arrived, connections] = [heard("counts"), heard("notification"), heard("connection")];
    await mount();
    const added = hub.add(4);
    await pass();
    expect(counts).toEqual([
      { unread_count: 3, unseen_count: 3, to_acknowledge_count: 0 },
      { unread_count: 4, unseen_count: 4, to_acknowledge_count: 0 },
    ]);
    expect(arrived).toEqual([added]);
    expect(connections).toEqual([{ connection: "live" }]);
  });

  it("says aloud what is new, together where it comes together", async () => {
    const bell = await mount();
    hub.add(4);
    await pass(1_000);
    expect(text(bell, "[role=status]")).toEqual(["New message: Title 4"]);
    hub.add(5);
    hub.add(6);
    await pass(1_000);
    expect(text(bell, "[role=status]")).toEqual(["2 new messages"]);
  });

  it("says aloud how many are new where only their number is known", async () => {
    hub.servesStream = false;
    const bell = await mount();
    await pass(1_000);
    hub.add(4, false);
    hub.add(5, false);
    await pass(40_000);
    expect(text(bell, "[role=status]")).toEqual(["2 new messages"]);
  });

  it("leaves no connection behind when it is taken out of its page, and has one again when it is put back", async () => {
    const bell = await mount();
    bell.remove();
    await pass();
    expect(hub.streams).toHaveLength(0);
    document.body.append(bell);
    await pass();
    expect(hub.streams).toHaveLength(1);
  });

  it("shares everything with another bell of the same user in its page", async () => {
    const bells = [await mount(), await mount()];
    expect(hub.streams).toHaveLength(1);
    expect(bells.map((bell) => text(bell, ".badge"))).toEqual([["3"], ["3"]]);
    bells[0]?.remove();
    await pass();
    expect(hub.streams).toHaveLength(1);
  });
});

describe("in its page", () => {
  it("speaks the language around it, also from within shadow roots", async () => {
    document.documentElement.lang = "de";
    const outer = document.createElement("div");
    const inner = document.createElement("div");
    outer.attachShadow({ mode: "open" }).append(inner);
    const bell = Object.assign(document.createElement("message-bell"), { src: SRC, token: tokenOf("ann") });
    inner.attachShadow({ mode: "open" }).append(bell);
    document.body.append(outer);
    await pass();
    await open(bell);
    expect(text(bell, "li time")[0]).toMatch(/^vor /);
  });

  it("keeps page translators away from what it counts", async () => {
    const bell = await mount();
    await open(bell);
    for (const part of [".count", "[role=status]"]) expect(all(bell, part)[0]?.getAttribute("translate")).toBe("no");
    hub = new Hub(2);
    const other = await mount({ token: tokenOf("ann") });
    expect(all(other, ".badge").every((badge) => badge.getAttribute("translate") === "no")).toBe(true);
  });
});

describe("while a notification is open", () => {
  it("is never pushed down by an arrival, which waits to be shown", async () => {
    const bell = await mount();
    await open(bell);
    await click(bell, "Title 3");
    hub.add(4);
    await pass(1_000);
    expect(text(bell, "li h3 [part=title]")).toEqual(["Title 3", "Title 2", "Title 1"]);
    expect(text(bell, ".notice span")).toEqual(["1 new message"]);
    expect(text(bell, ".badge")).toEqual(["1"]);
    await click(bell, "Show");
    expect(text(bell, "li h3 [part=title]")).toEqual(["Title 4", "Title 3", "Title 2", "Title 1"]);
    expect(text(bell, ".badge")).toEqual([]);
    expect(text(bell, ".notice")).toEqual([]);
  });

  it.each([
    ["the stream says so", true, "This message was recalled."],
    ["only the list shows that it has gone", false, "This message is no longer in the list."],
  ])("its recall is said, in the live region too, where %s", async (_, isSent, words) => {
    const bell = await mount();
    const recalled = heard("recalled");
    await open(bell);
    await click(bell, "Title 3");
    const [gone] = hub.inbox.splice(0, 1);
    if (isSent) hub.sendEvent("recalled", { id: gone?.id });
    else hub.sendEvent("sync", {});
    await pass(5_000);
    expect(text(bell, "li h3 [part=title]")).toEqual(["Title 2", "Title 1"]);
    expect(text(bell, ".notice span")).toEqual([words]);
    expect(text(bell, "[role=status]")).toEqual([words]);
    expect(recalled).toEqual(isSent ? [{ id: gone?.id }] : []);
  });
});

describe("the panel", () => {
  it("shows the notifications, and that they have been seen", async () => {
    const bell = await mount();
    hub.taken();
    await open(bell);
    expect(text(bell, "li h3")).toEqual(["Unread: Title 3", "Unread: Title 2", "Unread: Title 1"]);
    expect(hub.taken()).toEqual(["GET /v1/notifications?limit=20&status=all", SEEN]);
    expect(text(bell, ".badge")).toEqual([]);
    hub.add(4);
    await pass();
    expect(hub.taken(), "one that comes while it is open").toEqual([SEEN]);
    expect(text(bell, "li h3")[0]).toBe("Unread: Title 4");
  });

  it("opens one, which is then read", async () => {
    const bell = await mount();
    await open(bell);
    await click(bell, "Title 2");
    expect(all(bell, "li")[1]?.className).toBe("item open");
    expect(hub.inbox[1]?.read_at).not.toBeNull();
    expect(text(bell, ".count")).toEqual(["2"]);
    hub.taken();
    await click(bell, "Title 2");
    expect(all(bell, "li")[1]?.className).toBe("item");
    await click(bell, "Title 2");
    expect(hub.taken(), "it is read already").toEqual([]);
    await click(bell, "Mark as unread");
    expect(all(bell, "li")[1]?.className).toBe("item unread");
  });

  it("shows what was written as text, and web addresses as links that give nothing away", async () => {
    hub = new Hub(0);
    const title = "<img src=x onerror=alert(1)>";
    const body =
      'See https://example.org/a?b=c. javascript:alert(1) <script>alert(1)</script> https://x.example/"onclick="y';
    hub.add(1, false, { title, body });
    const bell = await mount();
    await open(bell);
    expect(all(bell, "li a"), "none that the whole of a folded one would cover").toEqual([]);
    await click(bell, title);
    expect(text(bell, "h3 [part=title]")).toEqual([title]);
    expect(all(bell, "li img, li script, li [onclick]")).toEqual([]);
    const links = all(bell, "li a") as HTMLAnchorElement[];
    expect(links.map((link) => link.getAttribute("href"))).toEqual(["https://example.org/a?b=c", "https://x.example/"]);
    for (const link of links) expect([link.target, link.rel]).toEqual(["_blank", "noopener noreferrer"]);
    expect(text(bell, ".text")[0]).toContain("<script>alert(1)</script>");
  });

  it("marks all as read up to the newest that is shown", async () => {
    const bell = await mount();
    await open(bell);
    hub.taken();
    await click(bell, "Mark all as read");
    expect(hub.calls.at(-1)?.body).toEqual({ through: notification(3).id });
    expect(text(bell, "li h3")).toEqual(["Title 3", "Title 2", "Title 1"]);
    expect(all(bell, ".head .none"), "its room stays").toHaveLength(1);
  });

  it("archives one, and takes it back", async () => {
    const bell = await mount();
    await open(bell);
    await click(bell, "Title 2");
    await click(bell, "Archive");
    expect(text(bell, "li h3")).toEqual(["Unread: Title 3", "Unread: Title 1"]);
    expect(bell.shadowRoot?.activeElement?.textContent).toContain("Title 1");
    await pass(100);
    expect(text(bell, "[role=status]")).toEqual(["Archived"]);
    await click(bell, "Archived");
    expect(text(bell, "li h3")).toEqual(["Title 2"]);
    await click(bell, "Title 2");
    await click(bell, "Restore");
    expect(text(bell, ".what")).toEqual(["No archived messages"]);
    await click(bell, "Undo");
    expect(text(bell, "li h3")).toEqual(["Title 2"]);
  });

  it("loads what is older", async () => {
    hub = new Hub(25);
    const bell = await mount();
    await open(bell);
    expect(all(bell, "li")).toHaveLength(20);
    await click(bell, "Show older messages");
    expect(all(bell, "li")).toHaveLength(25);
    expect(text(bell, "button")).not.toContain("Show older messages");
  });

  it("keeps the element of each notification when one comes above it", async () => {
    const bell = await mount();
    await open(bell);
    const before = all(bell, "li");
    before[0]?.querySelector("button")?.focus();
    hub.add(4);
    await pass();
    expect(all(bell, "li").slice(1)).toEqual(before);
    expect(bell.shadowRoot?.activeElement?.textContent).toContain("Title 3");
  });

  it("goes through the notifications by arrow keys", async () => {
    const bell = await mount();
    await open(bell);
    const press = (key: string) =>
      bell.shadowRoot?.activeElement?.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, composed: true }),
      );
    all(bell, "button.opener")[0]?.focus();
    const at = () => bell.shadowRoot?.activeElement?.textContent?.match(/Title \d/)?.[0];
    press("ArrowDown");
    expect(at()).toBe("Title 2");
    press("End");
    press("ArrowDown");
    expect(at()).toBe("Title 1");
    press("ArrowUp");
    press("Home");
    expect(at()).toBe("Title 3");
  });

  it("says when there is nothing, when nothing could be loaded, and when a message is gone", async () => {
    hub = new Hub(0);
    const bell = await mount();
    await open(bell);
    expect(text(bell, ".what")).toEqual(["No messages yet"]);
    hub.refuse("/v1/notifications?", 500);
    await click(bell, "Unread");
    expect(text(bell, ".what")).toEqual(["Could not load messages."]);
    await click(bell, "Retry");
    expect(text(bell, ".what")).toEqual(["No unread messages"]);
    hub.add(1);
    await pass();
    hub.inbox = [];
    await click(bell, "Title 1");
    expect(text(bell, ".notice")).toEqual(["This message was recalled."]);
    expect(text(bell, "li")).toEqual([]);
  });

  it("marks what is important, and names the category of what is open, in words", async () => {
    hub.add(4, false, { priority: "important", category: "regulation" });
    hub.add(5, false, { category: "Rota" });
    const bell = await mount();
    await open(bell);
    expect(text(bell, "li h3").slice(0, 2)).toEqual(["Unread: Title 5", "Unread: Important Title 4"]);
    expect(text(bell, "li .about").join()).not.toContain("Regulation");
    await click(bell, "Title 4");
    await click(bell, "Title 5");
    expect(text(bell, "li .about")[0]).toMatch(/· Rota$/);
    expect(text(bell, "li .about")[1]).toMatch(/· Regulation change$/);
  });

  it("shows pinned ones once: on top until their pin ends, then in their place, with what is open and focused", async () => {
    hub.inbox = hub.inbox.map((one) => ({
      ...one,
      pinned_until: one.id === notification(1).id ? "2026-11-22T12:01:00.000000Z" : null,
    }));
    const bell = await mount();
    await open(bell);
    const list = (selector: string) => text(bell, `${selector} [part=title]`);
    expect(text(bell, "#pinned")).toEqual(["Pinned"]);
    expect(list("[aria-labelledby=pinned]")).toEqual(["Title 1"]);
    expect(list("ul:not([aria-labelledby])")).toEqual(["Title 3", "Title 2"]);
    await click(bell, "Title 1");
    all(bell, "[aria-labelledby=pinned] .opener")[0]?.focus();
    await pass(60_000);
    expect(all(bell, ".top")[1]?.hidden).toBe(true);
    expect(list("ul:not([aria-labelledby])")).toEqual(["Title 3", "Title 2", "Title 1"]);
    expect(list("li.open")).toEqual(["Title 1"]);
    expect(bell.shadowRoot?.activeElement?.textContent).toContain("Title 1");
    expect(text(bell, ".notice")).toEqual([]);
  });

  it("archives a pinned one and takes it back to the top", async () => {
    hub.add(4, false, { pinned_until: "2026-11-23T12:00:00.000000Z" });
    const bell = await mount();
    await open(bell);
    await click(bell, "Title 4");
    await click(bell, "Archive");
    expect(all(bell, ".top")[1]?.hidden).toBe(true);
    expect(bell.shadowRoot?.activeElement?.textContent).toContain("Title 3");
    await click(bell, "Undo");
    expect(text(bell, "[aria-labelledby=pinned] [part=title]")).toEqual(["Title 4"]);
    expect(bell.shadowRoot?.activeElement?.textContent).toContain("Title 4");
  });

  it("says that an open message has expired, to its page too", async () => {
    hub.add(4, false, { expires_at: "2026-11-22T12:05:00.000000Z" });
    const expired = heard("expired");
    const bell = await mount();
    await open(bell);
    await click(bell, "Title 4");
    await pass(5 * 60_000 + 100);
    expect(text(bell, "li [part=title]")).toEqual(["Title 3", "Title 2", "Title 1"]);
    expect(text(bell, ".notice")).toEqual(["This message has expired."]);
    expect(text(bell, "[role=status]")).toEqual(["This message has expired."]);
    expect(text(bell, ".count")).toEqual(["3"]);
    expect(expired).toEqual([{ id: notification(4).id }]);
  });

  it("says what could not be saved, and shows it as it is", async () => {
    const bell = await mount();
    await open(bell);
    hub.refuse(`/v1/notifications/${notification(3).id}`, 500);
    await click(bell, "Title 3");
    expect(text(bell, ".notice")).toEqual(["Could not save the change. Please try again."]);
    expect(text(bell, "li h3")[0]).toBe("Unread: Title 3");
  });

  it("sends its page an event when it opens and when it closes", async () => {
    const [opened, closed] = [heard("open"), heard("close")];
    const bell = await mount();
    expect([opened.length, closed.length]).toEqual([0, 0]);
    await open(bell);
    await click(bell, "Close");
    expect([opened.length, closed.length]).toEqual([1, 1]);
    expect(bell.hasAttribute("open")).toBe(false);
  });
});

describe("the token", () => {
  it("comes from the page when it is needed, and again when it is refused", async () => {
    hub.tokens = new Set([tokenOf("ann", 2)]);
    const tokens = [tokenOf("ann", 1), tokenOf("ann", 2)];
    const getToken = vi.fn(async () => tokens.shift());
    const bell = await mount({ token: undefined, getToken });
    expect(getToken).toHaveBeenCalledTimes(2);
    expect(text(bell, ".badge")).toEqual(["3"]);
  });

  it("is missing: the panel says so, until there is one", async () => {
    const connections = heard("connection");
    const bell = await mount({ token: undefined });
    await open(bell);
    expect(connections, "the page may be about to give one").toEqual([]);
    expect(text(bell, ".what")).toEqual(["Sign in to see your messages."]);
    expect(hub.calls).toEqual([]);
    bell.getToken = () => null;
    await pass();
    expect(connections).toEqual([{ connection: "signed-out" }]);
    bell.token = tokenOf("ann");
    await pass();
    expect(text(bell, "li h3")).toHaveLength(3);
  });

  it("of another user brings that user's notifications and nothing of the one before", async () => {
    hub.tokens.add(tokenOf("bob"));
    const bell = await mount();
    await open(bell);
    hub.inbox = [notification(9)];
    bell.token = tokenOf("bob");
    await pass();
    expect(text(bell, "li h3")).toEqual(["Unread: Title 9"]);
    expect(hub.streams).toHaveLength(1);
  });

  it("may turn out to be another user's when it is renewed", async () => {
    const bell = await mount({ token: tokenOf("ann"), getToken: async () => tokenOf("bob") });
    hub.tokens = new Set([tokenOf("bob")]);
    hub.inbox = [notification(9)];
    hub.endStreams();
    await pass(5_000);
    expect(text(bell, ".badge")).toEqual(["1"]);
    await open(bell);
    expect(text(bell, "li h3")).toEqual(["Unread: Title 9"]);
  });

  it("that cannot be fetched is asked for again, ever later", async () => {
    const getToken = vi.fn().mockRejectedValue(new Error("network"));
    const bell = await mount({ token: undefined, getToken });
    await pass(60_000);
    expect(getToken.mock.calls.length).toBeGreaterThan(4);
    expect(getToken.mock.calls.length).toBeLessThan(14);
    getToken.mockResolvedValue(tokenOf("ann"));
    await pass(60_000);
    expect(text(bell, ".badge")).toEqual(["3"]);
  });

  it("never stands in an address", async () => {
    const bell = await mount();
    await open(bell);
    await click(bell, "Mark all as read");
    expect(hub.calls.length).toBeGreaterThan(3);
    for (const call of hub.calls) {
      expect(call.path).not.toContain(tokenOf("ann"));
      expect(call.headers.get("Authorization")).toBe(`Bearer ${tokenOf("ann")}`);
    }
  });
});

describe("its words", () => {
  it("are the page's, in the page's language", async () => {
    document.documentElement.lang = "de";
    const strings = { messages: "Nachrichten", new_messages: { one: "{count} neue", other: "{count} neue" } };
    const bell = await mount({ strings });
    expect(label(bell)).toBe("Nachrichten, 3 neue");
    await open(bell);
    expect(text(bell, "h2")).toEqual(["Nachrichten"]);
    expect(text(bell, "time")[0]).toMatch(/^vor /);
    bell.locale = "en";
    await pass();
    expect(text(bell, "time")[0]).toMatch(/ago$/);
  });
});

it("is defined once, and known by its name", () => {
  expect(customElements.get("message-bell")).toBe(MessageBell);
});
