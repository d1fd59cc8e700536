/** When something was sent, as a list shows it: under Today, Yesterday, This week or a month, all in the reader's zone. Pure. */
import { exact, relative } from "../../common/times";
import { LOCALE, translate } from "../strings";

const MONTH = new Intl.DateTimeFormat(LOCALE, { month: "long", year: "numeric" });
const TIME = new Intl.DateTimeFormat(LOCALE, { timeStyle: "short" });
const WEEKDAY_AND_TIME = new Intl.DateTimeFormat(LOCALE, { weekday: "short", hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const MONDAY = 1;

type Period = "today" | "yesterday" | "week" | "earlier";

export interface DateGroup<T> {
  readonly heading: string;
  readonly items: readonly T[];
}

/** Keeps the order of the items, which is that of their times. */
export function groupByDate<T extends { sent_at: string }>(items: readonly T[], now: Date): DateGroup<T>[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const heading = dateHeading(item.sent_at, now);
    const group = groups.get(heading);
    if (group) group.push(item);
    else groups.set(heading, [item]);
  }
  return [...groups].map(([heading, items]) => ({ heading, items }));
}

/** "Today", "Yesterday", "This week" (from Monday on), or "November 2026". */
export function dateHeading(iso: string, now: Date): string {
  const period = periodOf(iso, now);
  return period === "earlier" ? MONTH.format(new Date(iso)) : translate(`sent_${period}`);
}

/** What its heading does not say yet: "3 minutes ago", "18:04", "Tue 18:04" or "22 Nov". */
export function timeInGroup(iso: string, now: Date): string {
  const time = new Date(iso);
  switch (periodOf(iso, now)) {
    case "today":
      return relative(iso, now, LOCALE);
    case "yesterday":
      return TIME.format(time);
    case "week":
      return WEEKDAY_AND_TIME.format(time);
    case "earlier":
      return DAY.format(time);
  }
}

/** "22 November 2026 at 18:04". */
export function date(iso: string): string {
  return exact(iso, LOCALE, "short");
}

/** What the reader's zone is called: "Central European Time". */
export function zoneName(): string {
  const parts = new Intl.DateTimeFormat(LOCALE, { timeZoneName: "longGeneric" }).formatToParts(new Date());
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
}

function periodOf(iso: string, now: Date): Period {
  const time = new Date(iso);
  if (time >= midnight(now, 0)) return "today";
  if (time >= midnight(now, 1)) return "yesterday";
  return time >= midnight(now, (now.getDay() + 7 - MONDAY) % 7) ? "week" : "earlier";
}

/** The beginning of the day that was so many days before. Days of 23 and 25 hours count as one. */
function midnight(now: Date, daysBefore: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysBefore);
}
