import { describe, expect, it, vi } from "vitest";
import { type Load, type Page, Pages } from "./pages";

interface Item {
  id: string;
  text?: string;
}

const items = (...ids: string[]): Item[] => ids.map((id) => ({ id }));
const page = (ids: string[], next: string | null = null): Page<Item> => ({
  data: items(...ids),
  has_more: next !== null,
  next_cursor: next,
});

function make(...answers: (Page<Item> | Error)[]) {
  const load = vi.fn<Load<Item>>(async () => {
    const answer = answers.shift();
    if (answer === undefined) throw new Error("asked too often");
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const pages = new Pages<Item>(load, () => undefined);
  return { pages, asked: () => load.mock.calls.map(([after]) => after) };
}

const ids = (pages: Pages<Item>) => pages.items.map(({ id }) => id).join("");

describe("a list", () => {
  it("grows page by page until it is complete", async () => {
    const { pages, asked } = make(page(["f", "e"], "1"), page(["d", "c"], "2"), page(["b"]));
    expect(pages.status).toBe("loading");
    await pages.start();
    expect([ids(pages), pages.status]).toEqual(["fe", "idle"]);
    await pages.more();
    await pages.more();
    expect([ids(pages), pages.status]).toEqual(["fedcb", "complete"]);
    await pages.more();
    expect(asked()).toEqual([null, "1", "2"]);
  });

  it("asks for one page at a time", async () => {
    const { pages, asked } = make(page(["b"], "1"), page(["a"]));
    await Promise.all([pages.start(), pages.more(), pages.more()]);
    await Promise.all([pages.more(), pages.more()]);
    expect(asked()).toEqual([null, "1"]);
    expect(ids(pages)).toBe("ba");
  });

  it("keeps what it has when a page fails, and asks for that page again", async () => {
    const { pages, asked } = make(page(["b"], "1"), new Error("away"), page(["a"]));
    await pages.start();
    await pages.more();
    expect([ids(pages), pages.status, String(pages.error)]).toEqual(["b", "failed", "Error: away"]);
    await pages.more();
    expect(asked()).toHaveLength(2);
    await pages.retry();
    expect([ids(pages), pages.status, pages.error]).toEqual(["ba", "complete", null]);
    expect(asked()).toEqual([null, "1", "1"]);
  });

  it("never shows an item twice", async () => {
    const { pages } = make(page(["c", "b"], "1"), page(["b", "a"]));
    await pages.start();
    await pages.more();
    expect(ids(pages)).toBe("cba");
  });

  it("drops an answer that comes after it was closed", async () => {
    const { pages } = make(page(["a"]));
    const started = pages.start();
    pages.close();
    await started;
    expect(pages.items).toEqual([]);
  });
});

describe("refreshing", () => {
  it("puts new ones on top, brings known ones up to date and drops what has gone", async () => {
    const newest: Page<Item> = {
      data: [{ id: "f" }, { id: "e", text: "changed" }, { id: "c" }],
      has_more: true,
      next_cursor: "x",
    };
    const { pages, asked } = make(page(["e", "d", "c"], "1"), page(["b"], "2"), newest, page(["b"], "2"), page(["a"]));
    await pages.start();
    await pages.more();
    await pages.refresh();
    expect(ids(pages)).toBe("fecb");
    expect(pages.items[1]).toEqual({ id: "e", text: "changed" });
    await pages.more();
    expect([ids(pages), asked()[4]]).toEqual(["fecba", "2"]);
  });

  it("leaves a long list as it is when more has come than one page holds, until somebody wants the new ones", async () => {
    const { pages, asked } = make(page(["b", "a"]), page(["z", "y"], "9"), page(["x"]));
    await pages.start();
    await pages.refresh();
    expect([ids(pages), pages.arrivals, pages.hasMoreArrivals]).toEqual(["ba", 2, true]);
    pages.showArrivals();
    expect([ids(pages), pages.status, pages.arrivals]).toEqual(["zy", "idle", 0]);
    await pages.more();
    expect(asked()).toEqual([null, null, "9"]);
  });

  it("puts nothing above an open message, but takes out what has gone", async () => {
    let isOpen = true;
    const answers = [page(["c", "b", "a"]), page(["d", "b", "a"]), page(["e", "d", "b", "a"])];
    const load = async () => answers.shift() ?? page([]);
    const pages = new Pages<Item>(
      load,
      () => undefined,
      () => isOpen,
    );
    await pages.start();
    await pages.refresh();
    expect([ids(pages), pages.arrivals, pages.hasMoreArrivals]).toEqual(["ba", 1, false]);
    isOpen = false;
    await pages.refresh();
    expect([ids(pages), pages.arrivals]).toEqual(["edba", 0]);
  });

  it("brings older pages up to date too, one with each refresh", async () => {
    const changed = (...ids: string[]): Page<Item> => ({
      data: ids.map((id) => ({ id, text: "recalled" })),
      has_more: true,
      next_cursor: "x",
    });
    const answers = [page(["d"], "1"), page(["c"], "2"), page(["b"], "3")];
    const { pages, asked } = make(...answers, page(["d"], "1"), changed("b"), page(["d"], "1"), changed("c"));
    await pages.start();
    await pages.more();
    await pages.more();
    await pages.refresh();
    await pages.refresh();
    expect(asked().slice(3)).toEqual([null, "2", null, "1"]);
    expect(pages.items.map(({ text }) => text)).toEqual([undefined, "recalled", "recalled"]);
  });

  it("finds the first message of an empty list, and an empty list where all have gone", async () => {
    const { pages } = make(page([]), page(["a"]), page([]));
    await pages.start();
    await pages.refresh();
    expect(ids(pages)).toBe("a");
    await pages.refresh();
    expect([ids(pages), pages.status]).toEqual(["", "complete"]);
  });

  it("is silent about failures", async () => {
    const { pages } = make(page(["a"]), new Error("away"));
    await pages.start();
    await pages.refresh();
    expect([ids(pages), pages.status]).toEqual(["a", "complete"]);
  });
});

describe("a list that is not in the order of time", () => {
  it("is read again in place while only its first page is shown", async () => {
    const { pages, asked } = make(page(["a", "b"], "1"), page(["b", "c"], "2"), page(["d"]), page(["x"]));
    await pages.start();
    await pages.reload();
    expect([ids(pages), pages.status]).toEqual(["bc", "idle"]);
    await pages.more();
    expect(asked()).toEqual([null, null, "2"]);
    await pages.reload();
    expect(ids(pages)).toBe("bcd");
  });

  it("stays as it is where reading it again fails", async () => {
    const { pages } = make(page(["a"]), new Error("away"));
    await pages.start();
    await pages.reload();
    expect([ids(pages), pages.status]).toEqual(["a", "complete"]);
  });
});

it("brings one item up to date, whatever is known of it", async () => {
  const { pages } = make(page(["b", "a"]));
  await pages.start();
  pages.replace({ id: "a", text: "new" });
  pages.replace({ id: "z", text: "unknown" });
  expect(pages.items).toEqual([{ id: "b" }, { id: "a", text: "new" }]);
});
