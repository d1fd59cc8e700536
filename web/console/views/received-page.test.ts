import { afterEach, beforeEach, expect, it, vi } from "vitest";
import "../../bell";
import { installTabs } from "../../bell/testing/browser";
import { Hub as InboxHub, notification, SRC, tokenOf } from "../../bell/testing/hub";
import type { Hub } from "../hub";
import type { ReceivedPage } from "./received-page";
import "./received-page";

let inbox: InboxHub;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-22T12:00:00Z") });
  installTabs();
  inbox = new InboxHub(2);
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

const pass = (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds);
const getToken = async () => tokenOf("ann");

async function mount(change: Partial<ReceivedPage> = {}): Promise<ReceivedPage> {
  const hub = { inboxUrl: SRC, streamUrl: SRC, getToken } as unknown as Hub;
  const page = Object.assign(document.createElement("hub-received-page") as ReceivedPage, { hub, ...change });
  document.body.append(page);
  await pass(100);
  return page;
}

/** The bell in the console's header. */
async function mountBell() {
  const bell = Object.assign(document.createElement("message-bell"), { src: SRC, streamUrl: SRC, getToken });
  document.body.append(bell);
  await pass(100);
  return bell;
}

const text = (one: HTMLElement, selector: string) =>
  [...(one.shadowRoot?.querySelectorAll(selector) ?? [])].map((found) =>
    found.textContent?.trim().replace(/\s+/g, " "),
  );
const titles = (page: HTMLElement) => text(page, "li [part=title]");

async function press(page: HTMLElement, words: string): Promise<void> {
  const buttons = [...(page.shadowRoot?.querySelectorAll("button") ?? [])];
  const button = buttons.find((one) => one.textContent?.trim().endsWith(words));
  if (!button) throw new Error(`There is no button ${words}.`);
  button.click();
  await pass(100);
}

it("shares one connection, one list and one state with the bell", async () => {
  const bell = await mountBell();
  const page = await mount();
  expect(inbox.streams).toHaveLength(1);
  expect(text(bell, ".badge"), "what the page shows has been seen").toEqual([]);
  bell.open = true;
  await press(page, "Title 2");
  expect(text(bell, "li:not(.unread) [part=title]")).toEqual(["Title 2"]);
  expect(text(bell, ".count")).toEqual(["1"]);
  page.remove();
  await pass(100);
  expect(inbox.streams).toHaveLength(1);
  inbox.taken();
  inbox.sendEvent("sync", {});
  await pass(5_000);
  expect(
    inbox.taken().filter((call) => call.includes("status=")),
    "only the bell looks at a list now",
  ).toHaveLength(1);
});

it("has the bell's views, its way back and its marks", async () => {
  const page = await mount();
  await press(page, "Title 2");
  await press(page, "Mark as unread");
  await press(page, "Title 2");
  await press(page, "Archive");
  expect(titles(page)).toEqual(["Title 1"]);
  expect(text(page, "[role=status]")).toEqual(text(page, ".notice span"));
  await press(page, "Undo");
  expect(titles(page)).toEqual(["Title 2", "Title 1"]);
  await press(page, "Unread 1");
  expect(titles(page)).toEqual(["Title 1"]);
});

it("does not say that all is read while nothing could be loaded", async () => {
  inbox.refuse("/v1/notifications?", 500, {}, 2);
  const page = await mount();
  expect(text(page, ".what")).toEqual(["Could not load messages."]);
  await press(page, "Retry");
  expect(titles(page)).toEqual(["Title 2", "Title 1"]);
});

it("puts nothing above an open message until its reader wants it, and then goes there", async () => {
  const page = await mount();
  await press(page, "Title 2");
  inbox.add(3);
  await pass(1_000);
  expect(titles(page)).toEqual(["Title 2", "Title 1"]);
  await press(page, "Show");
  expect(titles(page)).toEqual(["Title 3", "Title 2", "Title 1"]);
  expect(page.shadowRoot?.activeElement?.textContent).toContain("Title 3");
});

it("says that an open message was recalled, and takes it away at once", async () => {
  const page = await mount();
  await press(page, "Title 2");
  inbox.inbox.shift();
  inbox.sendEvent("recalled", { id: notification(2).id });
  await pass(1_000);
  expect(titles(page)).toEqual(["Title 1"]);
  expect(text(page, ".notice")).toEqual(["This message was recalled."]);
  expect(text(page, "[role=status]")).toEqual(["This message was recalled."]);
});

it("lists one category, with the address of that list", async () => {
  inbox.add(3, false, { category: "feature", pinned_until: "2026-11-23T12:00:00.000000Z" });
  inbox.add(4, false, { category: "Rota" });
  const page = await mount({ categories: ["service", "feature"] });
  expect(text(page, ".about bdi").filter((name) => name !== "Amara Okafor")).toEqual(["New feature", "Rota"]);
  const select = page.shadowRoot?.querySelector("select") as HTMLSelectElement;
  expect([...select.options].map((option) => option.text.trim())).toEqual([
    "All categories",
    "Service notice",
    "New feature",
  ]);
  await press(page, "Title 4");
  select.value = "feature";
  select.dispatchEvent(new Event("change"));
  expect(location.hash).toBe("#/received?category=feature");
  page.route = { category: "feature", id: null };
  await pass(100);
  expect(titles(page)).toEqual(["Title 3"]);
  expect(text(page, ".notice"), "what was open is there, in another list").toEqual([]);
  expect(page.shadowRoot?.querySelectorAll(".top")[1]?.hasAttribute("hidden"), "it is the only one").toBe(true);
  expect(page.shadowRoot?.textContent).not.toContain("Mark all as read");
  inbox.add(5, true, { category: "feature" });
  inbox.add(6, true, { category: "Rota" });
  await pass(100);
  expect(titles(page)).toEqual(["Title 5", "Title 3"]);
  page.route = { category: "Nothing yet", id: null };
  await pass(100);
  expect(text(page, ".what")).toEqual(["No messages of this category"]);
});

it("opens the message of a link: an expired one is marked and stays out of the list", async () => {
  inbox.add(3, false, { expires_at: "2026-11-22T11:00:00.000000Z" });
  const page = await mount({ route: { category: null, id: notification(3).id } });
  expect(titles(page)).toEqual(["Title 3", "Title 2", "Title 1"]);
  expect(text(page, "li.open h3")).toEqual(["Expired Title 3"]);
  expect(text(page, "li.open button")).toHaveLength(1);
  expect(page.shadowRoot?.activeElement?.textContent).toContain("Title 3");
  await press(page, "Unread 2");
  await press(page, "All");
  inbox.add(4);
  await pass(1_000);
  expect(text(page, ".notice"), "its reader has left it").toEqual([]);
  inbox.inbox.shift();
  inbox.sendEvent("recalled", { id: notification(4).id });
  page.route = { category: null, id: notification(1).id };
  await pass(100);
  expect(titles(page)).toEqual(["Title 2", "Title 1"]);
  expect(text(page, "li.open [part=title]").at(-1)).toBe("Title 1");
  page.route = { category: null, id: notification(99).id };
  await pass(100);
  expect(text(page, ".notice")).toEqual(["This message is no longer in the list."]);
});

it("gives the token back that was refused, so that the console can end the session", async () => {
  const page = await mount();
  const asked = vi.fn(async () => tokenOf("ann"));
  page.hub = { inboxUrl: SRC, streamUrl: SRC, getToken: asked } as unknown as Hub;
  await pass(100);
  inbox.tokens.clear();
  await press(page, "Archived");
  expect(asked).toHaveBeenLastCalledWith(tokenOf("ann"));
});
