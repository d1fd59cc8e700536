import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import ".";
import { dueText } from "./acknowledgement";
import { translator } from "./strings";
import { installTabs } from "./testing/browser";
import { all, click, label, mount, open, pass, text } from "./testing/element";
import { asked, Hub, notification, refusal } from "./testing/hub";

const TOMORROW = "2026-11-23T10:00:00.000000Z";
const OTHERS = "ul:not([aria-labelledby])";
const PUT = `PUT /v1/notifications/${notification(2).id}/acknowledged`;

let hub: Hub;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-22T12:00:00Z") });
  installTabs();
  hub = new Hub(3);
  ask(2, TOMORROW);
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

function change(number: number, change: object): void {
  hub.inbox = hub.inbox.map((one) => (one.id === notification(number).id ? { ...one, ...change } : one));
}

function ask(number: number, due_at: string | null): void {
  change(number, asked(due_at));
}

const focused = (bell: HTMLElement) => bell.shadowRoot?.activeElement?.textContent?.trim().replace(/\s+/g, " ");
const titles = (bell: Parameters<typeof text>[0], list: string) => text(bell, `${list} [part=title]`);

describe("the day it is due", () => {
  const words = (language: string) =>
    JSON.parse(readFileSync(`${import.meta.dirname}/languages/bell/${language}.json`, "utf8"));
  const said = (due: string, language = "en", now = "2026-11-22T12:00:00Z") => {
    const translate = translator(language === "en" ? {} : words(language), language);
    return dueText(due, { translate, locale: language, now: new Date(now) });
  };

  it.each([
    ["2026-11-22T22:59:00Z", "Due today"],
    ["2026-11-22T23:00:00Z", "Due tomorrow"],
    ["2026-12-04T12:00:00Z", "Due on December 4"],
    ["2027-01-04T12:00:00Z", "Due on January 4, 2027"],
    ["2026-11-22T12:00:00Z", "Overdue"],
    ["2026-11-21T22:30:00Z", "Overdue by 1 day"],
    ["2026-11-19T12:00:00Z", "Overdue by 3 days"],
  ])("%s is, in the reader's zone: %s", (due, expected) => {
    expect(said(due)).toBe(expected);
  });

  it("is said in the reader's language", () => {
    expect(said("2026-12-04T12:00:00Z", "de")).toBe("Fällig am 4. Dezember");
    expect(said("2026-11-19T12:00:00Z", "de")).toBe("Seit 3 Tagen überfällig");
    expect(said("2026-11-20T12:00:00Z", "ar")).toBe("متأخرة يومين");
    expect(said("2026-11-19T12:00:00Z", "ar")).toMatch(/^متأخرة [3٣] أيام$/);
  });

  it("counts a day of 25 hours as one", () => {
    expect(said("2026-10-25T22:30:00Z", "en", "2026-10-24T22:30:00Z")).toBe("Due today");
    expect(said("2026-10-25T23:30:00Z", "en", "2026-10-24T22:30:00Z")).toBe("Due tomorrow");
  });
});

describe("what is to be acknowledged", () => {
  it("is on top, the earliest due first, also when it is older than the first page", async () => {
    hub = new Hub(25);
    ask(1, TOMORROW);
    ask(3, null);
    ask(24, "2026-11-20T10:00:00.000000Z");
    const bell = await mount();
    expect(label(bell)).toBe("Messages, 25 new messages, 3 to acknowledge");
    await open(bell);
    expect(text(bell, "#asked")).toEqual(["3 to acknowledge"]);
    expect(text(bell, "[aria-labelledby=asked] h3")).toEqual([
      "Unread: Overdue by 2 days Title 24",
      "Unread: Due tomorrow Title 1",
      "Unread: Acknowledgement needed Title 3",
    ]);
    expect(titles(bell, OTHERS), "and only there").not.toContain("Title 24");
  });

  it("is marked on the bell when all else has been seen", async () => {
    const bell = await mount();
    expect(text(bell, ".badge")).toEqual(["3"]);
    await open(bell);
    await click(bell, "Mark all as read");
    expect(text(bell, ".badge")).toEqual(["!"]);
    expect(label(bell)).toBe("Messages, 1 to acknowledge");
  });

  it("is acknowledged once its text is open, in two steps, and stays where it is", async () => {
    const bell = await mount();
    await open(bell);
    expect(text(bell, "button")).not.toContain("Acknowledge…");
    await click(bell, "Title 2");
    expect(text(bell, ".item.open button"), "it cannot be archived").toEqual([
      "Due tomorrow Title 2",
      "Acknowledge…",
      "Mark as unread",
    ]);
    hub.taken();
    await click(bell, "Acknowledge…");
    const step = all(bell, "[role=group].ask")[0];
    expect(bell.shadowRoot?.activeElement).toBe(step);
    expect(text(bell, `#${step?.getAttribute("aria-labelledby")}`)).toEqual(["I have read this."]);
    await click(bell, "Not yet");
    expect(focused(bell)).toBe("Acknowledge…");
    expect(hub.taken()).toEqual([]);
    await click(bell, "Acknowledge…");
    await click(bell, "Acknowledge");
    expect(hub.calls[0]?.body).toEqual({ content_hash: "sha256:1" });
    expect(hub.taken()).toEqual([PUT]);
    expect(text(bell, "p.ask")).toEqual(["Acknowledged on November 22, 2026 at 1:00 PM"]);
    expect(text(bell, "#asked")).toEqual(["All acknowledged"]);
    expect(titles(bell, "[aria-labelledby=asked]")).toEqual(["Title 2"]);
    expect(text(bell, ".item.open button").at(-1)).toBe("Archive");
    await click(bell, "Title 2");
    expect(text(bell, "[aria-labelledby=asked] h3")).toEqual(["Acknowledged on November 22, 2026 at 1:00 PM Title 2"]);
    bell.open = false;
    await open(bell);
    expect(titles(bell, OTHERS)).toEqual(["Title 3", "Title 2", "Title 1"]);
  });

  it("is not shown as acknowledged before the hub has it, and is sent once", async () => {
    const answers: ((response: Response) => void)[] = [];
    hub.instead.push({ path: PUT.slice(4), answer: () => new Promise((resolve) => answers.push(resolve)) });
    const bell = await mount();
    await open(bell);
    await click(bell, "Title 2");
    await click(bell, "Acknowledge…");
    hub.taken();
    await click(bell, "Acknowledge");
    await click(bell, "Saving…");
    expect(hub.taken()).toEqual([PUT]);
    expect(text(bell, "#asked")).toEqual(["1 to acknowledge"]);
    expect(text(bell, "button")).not.toContain("Not yet");
    all(bell, ".step button")[0]?.focus();
    answers[0]?.(new Response("{}", { status: 500 }));
    await pass();
    expect(text(bell, ".notice span")).toEqual(["Could not save the change. Please try again."]);
    expect(focused(bell)).toBe("Acknowledge");
    await click(bell, "Acknowledge");
    expect(text(bell, ".notice span")).toEqual([]);
    expect(text(bell, "#asked")).toEqual(["All acknowledged"]);
  });

  it("is kept without a connection, which is said, and can be sent again", async () => {
    hub.instead.push({ path: PUT.slice(4), answer: () => Promise.reject(new TypeError("network")) });
    const bell = await mount();
    await open(bell);
    await click(bell, "Title 2");
    await click(bell, "Acknowledge…");
    await click(bell, "Acknowledge");
    await pass(100);
    const words = "No connection. The change may not be saved. Please try again.";
    expect(text(bell, ".notice span")).toEqual([words]);
    expect(text(bell, "[role=status]")).toEqual([words]);
    await click(bell, "Acknowledge");
    expect(text(bell, "#asked")).toEqual(["All acknowledged"]);
  });

  it("leaves the confirming step where it was acknowledged on another device", async () => {
    hub = new Hub(25);
    ask(2, TOMORROW);
    const bell = await mount();
    await open(bell);
    await click(bell, "Title 2");
    await click(bell, "Acknowledge…");
    change(2, asked(TOMORROW, "2026-11-22T11:00:00.000000Z"));
    hub.sendEvent("sync", {});
    await pass(5_000);
    expect(text(bell, "p.ask")).toEqual(["Acknowledged on November 22, 2026 at 12:00 PM"]);
    expect(label(bell)).toBe("Messages");
    expect(text(bell, ".notice")).toEqual([]);
  });

  it("brings in the next ones when those that were shown are done", async () => {
    const bell = await mount();
    await open(bell);
    ask(1, TOMORROW);
    await click(bell, "Title 2");
    await click(bell, "Acknowledge…");
    await click(bell, "Acknowledge");
    expect(text(bell, "#asked")).toEqual(["1 to acknowledge"]);
    expect(titles(bell, "[aria-labelledby=asked]")).toEqual(["Title 2", "Title 1"]);
  });
});

describe("what cannot be acknowledged any more", () => {
  async function acknowledge(before: () => void) {
    const bell = await mount();
    await open(bell);
    await click(bell, "Title 2");
    await click(bell, "Acknowledge…");
    before();
    await click(bell, "Acknowledge");
    await pass(100);
    expect(text(bell, "[role=status]")).toEqual(text(bell, ".notice span"));
    return bell;
  }

  it("is recalled", async () => {
    const bell = await acknowledge(() => {
      hub.instead.push({ path: PUT.slice(4), answer: () => refusal("recalled") });
      hub.inbox.splice(1, 1);
    });
    expect(text(bell, ".notice span")).toEqual(["This message was recalled."]);
    expect(titles(bell, "li")).toEqual(["Title 3", "Title 1"]);
    expect(label(bell)).toBe("Messages");
  });

  it("has expired", async () => {
    const bell = await acknowledge(() => change(2, { expires_at: "2026-11-22T12:00:00.000000Z" }));
    expect(text(bell, ".notice span")).toEqual(["This message has expired."]);
    expect(titles(bell, "li")).toEqual(["Title 3", "Title 1"]);
    expect(label(bell)).toBe("Messages");
  });

  it("was replaced by a newer one", async () => {
    const bell = await acknowledge(() => change(2, { acknowledgement: null, superseded: true }));
    expect(text(bell, ".notice span")).toEqual(["This message no longer asks for an acknowledgement."]);
    expect(text(bell, ".item.open button")).toEqual([
      "Replaced by a newer message Title 2",
      "Mark as unread",
      "Archive",
    ]);
  });

  it("has another text, which is to be read first", async () => {
    const { acknowledgement } = asked(TOMORROW);
    const changed = { ...acknowledgement, content_hash: "sha256:2" };
    const bell = await acknowledge(() => change(2, { body: "Another", acknowledgement: changed }));
    expect(text(bell, ".notice span")).toEqual(["The text of this message has changed. Please read it again."]);
    expect(text(bell, ".item.open .text")).toEqual(["Another"]);
    await click(bell, "Acknowledge…");
    await click(bell, "Acknowledge");
    expect(hub.calls.at(-1)?.body).toEqual({ content_hash: "sha256:2" });
    expect(text(bell, "#asked")).toEqual(["All acknowledged"]);
  });

  it("says so when it is archived by one who does not know yet that it asks", async () => {
    const bell = await mount();
    await open(bell);
    await click(bell, "Title 1");
    ask(1, TOMORROW);
    await click(bell, "Archive");
    await pass(100);
    expect(text(bell, ".notice span")).toEqual(["Acknowledge this message before you archive it."]);
    expect(text(bell, "#asked")).toEqual(["2 to acknowledge"]);
  });
});

describe("a message that corrects an earlier one", () => {
  it("says what has changed, and the earlier one that it was replaced", async () => {
    const bell = await mount();
    await open(bell);
    change(2, { acknowledgement: null, superseded: true });
    const correction = { supersedes: notification(2).id, change_summary: "Two hours, not one.", ...asked(TOMORROW) };
    hub.add(4, true, correction);
    hub.sendEvent("sync", {});
    await pass(5_000);
    expect(label(bell)).toBe("Messages, 1 to acknowledge");
    expect(titles(bell, "[aria-labelledby=asked]")).toEqual(["Title 4", "Title 2"]);
    expect(text(bell, "li [part=mark]")).toEqual(["Due tomorrow", "Replaced by a newer message"]);
    expect(text(bell, ".summary")).toEqual([]);
    await click(bell, "Title 4");
    expect(text(bell, ".summary")).toEqual(["Replaces an earlier message. What has changed: Two hours, not one."]);
  });
});
