/** What a sender may add to a message: what it is about, how important it is, and until when it matters. Pure. */
import type { NewMessage } from "../../api";
import { translate } from "../strings";
import { categories } from "../strings/categories";

/** As the API has them. A time that was asked for and not entered yet is an empty text. */
export type Options = Readonly<Required<Pick<NewMessage, "category" | "priority" | "pinned_until" | "expires_at">>>;
export type TimeOption = "pinned_until" | "expires_at";

export const NO_OPTIONS: Options = { category: null, priority: "normal", pinned_until: null, expires_at: null };
export const MAX_PINNED_DAYS = 30;

const DAY_MS = 24 * 60 * 60 * 1000;
/** What is offered first. */
const DAYS: Record<TimeOption | "due_at", number> = { pinned_until: 7, expires_at: 30, due_at: 14 };

/** Those that say something: what a request has of them. */
export function stated(options: Options): Partial<Options> {
  const names = Object.keys(NO_OPTIONS) as (keyof Options)[];
  return Object.fromEntries(
    names.filter((name) => options[name] !== NO_OPTIONS[name]).map((name) => [name, options[name]]),
  );
}

export function hasOptions(options: Options): boolean {
  return Object.keys(stated(options)).length > 0;
}

/** Those of a message that another one begins with: its dates have their own time. */
export function copied({ category, priority }: Pick<Options, "category" | "priority">): Options {
  return { ...NO_OPTIONS, category, priority };
}

/** Without a category that the platform does not have. */
export function keepKnownCategory(options: Options, categories: readonly string[]): Options {
  const { category } = options;
  return category === null || categories.includes(category) ? options : { ...options, category: null };
}

/** From the storage, where they may have been changed by hand. */
export function readOptions(value: unknown): Options {
  const { category, priority, pinned_until, expires_at } = (value ?? {}) as Record<string, unknown>;
  return {
    category: typeof category === "string" ? category : null,
    priority: priority === "important" ? "important" : "normal",
    pinned_until: readTime(pinned_until),
    expires_at: readTime(expires_at),
  };
}

/** How long a message is pinned counts from when it is sent; of one that is sent later the hub checks it. */
export function findOptionMistakes(
  { pinned_until, expires_at }: Pick<Options, TimeOption>,
  now: Date,
  isSentNow = true,
): Partial<Record<TimeOption, string>> {
  const latest = isSentNow ? new Date(now.getTime() + MAX_PINNED_DAYS * DAY_MS) : null;
  const badPin = isSentNow ? translate("options_bad_pin", { days: MAX_PINNED_DAYS }) : translate("options_bad_expiry");
  const pin = timeError(pinned_until, now, latest, badPin);
  const expiry = timeError(expires_at, now, null, translate("options_bad_expiry"));
  return { ...(pin && { pinned_until: pin }), ...(expiry && { expires_at: expiry }) };
}

/** What is offered where nothing was chosen yet: a full hour of the reader's zone. */
export function suggest(name: keyof typeof DAYS, now: Date): string {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + DAYS[name], now.getHours()).toISOString();
}

/** "2026-12-05T18:00": as fields for date and time have it, in the reader's zone. */
export function toLocal(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return "";
  const two = (part: number) => String(part).padStart(2, "0");
  const date = [String(time.getFullYear()).padStart(4, "0"), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${date}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** The opposite; empty for what is no time. */
export function fromLocal(local: string): string {
  const time = new Date(local);
  return Number.isNaN(time.getTime()) ? "" : time.toISOString();
}

/** In words where the console has some; else as the platform calls it. */
export function categoryName(category: string): string {
  const key = `category_${category}`;
  return Object.hasOwn(categories, key) ? translate(key as keyof typeof categories) : category;
}

function readTime(value: unknown): string | null {
  return typeof value === "string" ? fromLocal(value) : null;
}

function timeError(iso: string | null, now: Date, latest: Date | null, otherwise: string): string | null {
  if (iso === null) return null;
  if (iso === "") return translate("options_no_time");
  const time = new Date(iso);
  return time > now && (latest === null || time <= latest) ? null : otherwise;
}
