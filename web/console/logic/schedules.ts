/** When a draft is to be sent: as it is chosen on the page, and as the hub takes it. Pure. */
import { type KeptDraft, Problem, type Schedule } from "../../api";
import { translate } from "../strings";
import { toLocal } from "./options";
import { flatten, sentence } from "./problems";
import { ownZone, placeName, resolve, timeIn } from "./zones";

const HOUR_MS = 60 * 60 * 1000;

/** How late a message may be sent. The first is what the hub does by itself. */
const LATEST_HOURS: readonly number[] = [1, 4, 24, 72];

/** A wall time ("2026-12-02T09:00") in a time zone, and how many hours later it may be sent at the latest. */
export interface Choice {
  readonly local: string;
  readonly zone: string;
  readonly hours: number;
}

export type ChoiceErrors = Readonly<Partial<Record<keyof Choice, string>>>;

/** The time of a scheduled draft as it was asked for. Of others a full hour of the reader's zone, between one and two hours away. */
export function startingChoice(kept: KeptDraft | null, now: Date): Choice {
  if (kept?.state !== "scheduled" || !kept.send_at) {
    const start = new Date(now.getTime() + 2 * HOUR_MS);
    start.setMinutes(0, 0, 0);
    return { local: toLocal(start.toISOString()), zone: ownZone(), hours: 1 };
  }
  const { send_at, not_after, local, time_zone } = kept;
  const late = Date.parse(not_after ?? send_at) - Date.parse(send_at);
  return {
    local: local && time_zone ? local.slice(0, "2026-12-02T09:00".length) : toLocal(send_at),
    zone: time_zone ?? ownZone(),
    hours: Math.max(1, Math.round(late / HOUR_MS)),
  };
}

/** What is offered; what is chosen is one of them. */
export function latestHours(chosen: number): number[] {
  return [...new Set([...LATEST_HOURS, chosen])].sort((one, other) => one - other);
}

/** Null where no time is chosen. */
export function toSchedule({ local, zone, hours }: Choice): Schedule | null {
  const found = resolve(local, zone);
  if (!found) return null;
  const latest = new Date(found.at.getTime() + hours * HOUR_MS).toISOString();
  return { local, time_zone: zone, ...(hours > 1 ? { not_after: latest } : {}) };
}

const FIELDS = new Map<string, keyof Choice>([
  ["local", "local"],
  ["send_at", "local"],
  ["time_zone", "zone"],
  ["not_after", "hours"],
]);
/** What these say is about the chosen time. */
const ABOUT_TIME = ["time-in-past", "time-too-far", "expires-too-early"];

/** What the hub has against the choice, by field; nothing for what it has against the message, and for what is about neither. */
export function choiceErrors(error: unknown): ChoiceErrors {
  if (!(error instanceof Problem)) return {};
  if (ABOUT_TIME.includes(error.code)) return { local: sentence(error) };
  const found = Object.entries(error.errors).filter(([name]) => FIELDS.has(name));
  return Object.fromEntries(found.map(([name, value]) => [FIELDS.get(name), flatten(value).join(" ")]));
}

/** "Wednesday 2 December 2026 at 09:00 in Sydney · … your time", and what was changed about it. */
export function choiceText({ local, zone }: Choice): string {
  const found = resolve(local, zone);
  if (!found) return translate("schedule_no_time");
  return [momentText(found.at, zone), adjustedText(found.adjusted)].filter(Boolean).join(" ");
}

/** The time there and, where that is another, the reader's own. */
export function momentText(at: Date, zone: string): string {
  const here = timeIn(at, ownZone());
  const there = timeIn(at, zone);
  if (here === there) return here;
  const named = translate("draft_in_zone", { when: there, zone: placeName(zone) });
  return translate("schedule_both", { there: named, here });
}

export function adjustedText(adjusted: "gap" | "ambiguous" | null): string {
  return adjusted === null ? "" : translate(`draft_${adjusted}`);
}
