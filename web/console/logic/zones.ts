/** Wall times in time zones, as the hub resolves them (services/compose_api/local_times.py). Pure. */
import { LOCALE } from "../strings";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The reader's own, by name: "Europe/Berlin". */
export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** All that can be chosen. The reader's own is one of them, and what is chosen. */
export function zones(chosen: string): string[] {
  return [...new Set([ownZone(), chosen, "UTC", ...Intl.supportedValuesOf("timeZone")])].sort();
}

/** "Australia/Sydney" as people call it: "Sydney". */
export function placeName(zone: string): string {
  return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}

/** "Tuesday 2 December 2026 at 09:00". */
export function timeIn(at: Date, zone: string): string {
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "short", timeZone: zone }).format(at);
}

/**
 * The moment of a wall time ("2026-12-02T09:00"); null for what is no time. One that the clocks skip moves forward by what they skip; of
 * one that comes twice the first counts.
 */
export function resolve(local: string, zone: string): { at: Date; adjusted: "gap" | "ambiguous" | null } | null {
  const wall = Date.parse(`${local}Z`);
  if (Number.isNaN(wall)) return null;
  const [before, after] = [offset(wall - DAY_MS, zone), offset(wall + DAY_MS, zone)];
  const [first, second] = [wall - before, wall - after];
  const shows = (at: number) => at + offset(at, zone) === wall;
  if (first === second) return { at: new Date(first), adjusted: null };
  if (shows(first) && shows(second)) return { at: new Date(Math.min(first, second)), adjusted: "ambiguous" };
  if (shows(first) || shows(second)) return { at: new Date(shows(first) ? first : second), adjusted: null };
  return { at: new Date(first), adjusted: "gap" };
}

/** How far the clocks of a zone are ahead of UTC at a moment, in milliseconds. */
function offset(at: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const { year, month, day, hour, minute, second } = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) - Math.floor(at / 1000) * 1000;
}
