/** Times as their reader likes them: in the reader's own zone and language, roughly in the text and exactly on hover. */

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

/** "3 minutes ago", up to six days back; then the date. `now` may lag behind the server's clock a little. */
export function relative(iso: string, now: Date, locale?: string): string {
  const time = new Date(iso);
  const seconds = Math.max(0, Math.floor((now.getTime() - time.getTime()) / 1000));
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (seconds < MINUTE_S) return words.format(0, "second");
  if (seconds < HOUR_S) return words.format(-Math.floor(seconds / MINUTE_S), "minute");
  const days = daysBetween(time, now);
  if (days === 0 || seconds < 6 * HOUR_S) return words.format(-Math.floor(seconds / HOUR_S), "hour");
  if (days < 7) return words.format(-days, "day");
  return date(time, now, locale, "short");
}

/** "22 November", with the year where it is not this one. */
export function date(time: Date, now: Date, locale: string | undefined, month: "long" | "short"): string {
  const isThisYear = time.getFullYear() === now.getFullYear();
  const format: Intl.DateTimeFormatOptions = { day: "numeric", month };
  return new Intl.DateTimeFormat(locale, isThisYear ? format : { ...format, year: "numeric" }).format(time);
}

/** "22 November 2026 at 18:04:09 CET", in the reader's zone; in short "22 November 2026 at 18:04". */
export function exact(iso: string, locale?: string, timeStyle: "long" | "short" = "long"): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle }).format(new Date(iso));
}

/** How long what `relative` says stays true, in milliseconds: when to draw it again. Days change at the reader's midnight. */
export function untilChange(iso: string, now: Date): number {
  const age = Math.max(0, now.getTime() - new Date(iso).getTime());
  const step = 1000 * (age < HOUR_S * 1000 ? MINUTE_S : HOUR_S);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  return Math.min(step - (age % step), midnight.getTime() - now.getTime());
}

/** Midnights between two times in the reader's zone; days of 23 and 25 hours count as one. */
export function daysBetween(earlier: Date, later: Date): number {
  const midnight = (time: Date) => Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) / 1000;
  return Math.round((midnight(later) - midnight(earlier)) / DAY_S);
}
