import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { SearchField } from "./search-field";

const PAUSE_MS = 300;

let field: SearchField;
let searched: string[];

beforeEach(async () => {
  vi.useFakeTimers();
  field = new SearchField();
  searched = [];
  field.addEventListener("words-change", (event) => searched.push((event as CustomEvent<string>).detail));
  document.body.append(field);
  await field.updateComplete;
});

afterEach(() => {
  field.remove();
  vi.useRealTimers();
});

const input = () => field.renderRoot.querySelector("input") as HTMLInputElement;

async function type(text: string): Promise<void> {
  input().value = text;
  input().dispatchEvent(new Event("input"));
  await field.updateComplete;
}

it("searches once typing pauses, and for nothing twice", async () => {
  await type("n");
  vi.advanceTimersByTime(PAUSE_MS - 1);
  await type("new ");
  vi.advanceTimersByTime(PAUSE_MS - 1);
  expect(searched).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(searched).toEqual(["new"]);
  field.words = "new";
  await type("new");
  vi.advanceTimersByTime(PAUSE_MS);
  expect(searched).toEqual(["new"]);
});

it("keeps what is typed while the address follows, and follows the address afterwards", async () => {
  await type("new ");
  vi.advanceTimersByTime(PAUSE_MS);
  field.words = "new";
  await field.updateComplete;
  expect(input().value).toBe("new ");
  await type("new h");
  field.words = "newer";
  await field.updateComplete;
  expect(input().value).toBe("new h");
  vi.advanceTimersByTime(PAUSE_MS);
  field.words = "";
  await field.updateComplete;
  expect(input().value).toBe("");
});

it("is cleared at once", async () => {
  await type("new");
  vi.advanceTimersByTime(PAUSE_MS);
  field.words = "new";
  await field.updateComplete;
  field.renderRoot.querySelector("button")?.click();
  expect(searched).toEqual(["new", ""]);
});
