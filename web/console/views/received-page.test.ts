import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Feed, Notification } from "../../api";
import { Problem } from "../../api";
import { notification } from "../../bell/testing/hub";
import type { Hub } from "../hub";
import type { ReceivedPage } from "./received-page";
import "./received-page";

let inbox: Notification[];
let isAway: boolean;

const hub = {
  getFeed: async (): Promise<Feed> => {
    if (isAway) throw Problem.notReached(false, null);
    const data = [...inbox];
    return { data, has_more: false, next_cursor: null, unread_count: data.length, unseen_count: 0 };
  },
  markRead: async (id: string) => ({ ...inbox.find((one) => one.id === id), read_at: "2026-11-22T12:00:00Z" }),
} as unknown as Hub;

beforeEach(() => {
  vi.useFakeTimers();
  inbox = [notification(2), notification(1)];
  isAway = false;
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

async function mount(): Promise<ReceivedPage> {
  const page = Object.assign(document.createElement("hub-received-page") as ReceivedPage, { hub });
  document.body.append(page);
  await vi.advanceTimersByTimeAsync(100);
  return page;
}

const text = (page: ReceivedPage) => page.shadowRoot?.textContent?.replace(/\s+/g, " ") ?? "";
const titles = (page: ReceivedPage) =>
  [...(page.shadowRoot?.querySelectorAll(".title bdi") ?? [])].map((one) => one.textContent);

async function press(page: ReceivedPage, words: string): Promise<void> {
  const buttons = [...(page.shadowRoot?.querySelectorAll("button") ?? [])];
  buttons.find((one) => one.textContent?.includes(words))?.click();
  await vi.advanceTimersByTimeAsync(100);
}

async function refresh(page: ReceivedPage): Promise<void> {
  page.refresh();
  await vi.advanceTimersByTimeAsync(100);
}

it("does not say that all is read while nothing could be loaded", async () => {
  isAway = true;
  const page = await mount();
  expect(text(page)).toContain("Your messages could not be loaded");
  expect(text(page)).not.toContain("All read");
});

it("puts nothing above an open message until somebody wants it", async () => {
  const page = await mount();
  await press(page, "Title 2");
  inbox.unshift(notification(3));
  await refresh(page);
  expect(titles(page)).toEqual(["Title 2", "Title 1"]);
  await press(page, "1 new message");
  expect(titles(page)).toEqual(["Title 3", "Title 2", "Title 1"]);
});

it.each([
  ["the bell says so", true, "was recalled."],
  ["only the list shows that it has gone", false, "is no longer here"],
])("says that an open message was recalled, and takes it away at once, where %s", async (_, isTold, words) => {
  const page = await mount();
  await press(page, "Title 2");
  const [gone] = inbox.splice(0, 1);
  if (isTold) page.showRecall(gone?.id ?? "");
  else await refresh(page);
  await vi.advanceTimersByTimeAsync(0);
  expect(titles(page)).toEqual(["Title 1"]);
  expect(page.shadowRoot?.querySelector(".note")?.textContent).toContain(words);
  expect(page.shadowRoot?.querySelector(".unseen-text[role=status]")?.textContent).toContain(words);
});

it("shows names and texts of any direction in their own", async () => {
  inbox = [notification(1, { sender: { name: "د. أحمد" } })];
  const page = await mount();
  expect([...(page.shadowRoot?.querySelectorAll("bdi") ?? [])].map((one) => one.textContent)).toContain("د. أحمد");
  expect(page.shadowRoot?.querySelector(".excerpt")?.getAttribute("dir")).toBe("auto");
});
