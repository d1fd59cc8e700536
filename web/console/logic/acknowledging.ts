/** How far a message is acknowledged: its numbers in words, and the tree of organisations and clinics in order. Pure. */
import {
  type AcknowledgementNumbers,
  type AcknowledgementSummary,
  hasCode,
  type Message,
  type ScopeNumbers,
} from "../../api";
import { LOCALE, translate } from "../strings";
import { date } from "./dates";
import type { Directory } from "./directory";
import { flatten, sentence } from "./problems";
import { percent } from "./wording";

const { compare } = new Intl.Collator(LOCALE, { numeric: true });
const HOURS_A_DAY = 24;

export type Order = "worst" | "name";

/** What the rows of a viewer are: whole organisations, the clinics that they administer, or both. */
export function levelsOf({ audiences, level }: Directory): readonly ("organisation" | "clinic")[] {
  if (level === "clinic") return ["clinic"];
  return audiences.organisations.every(({ selectable }) => selectable) ? ["organisation"] : ["organisation", "clinic"];
}

/** Organisations, and clinics of others. */
export function topRows(rows: readonly ScopeNumbers[]): ScopeNumbers[] {
  const whole = new Set(rows.filter(({ level }) => level === "organisation").map(({ id }) => id));
  return rows.filter(({ level, organisation }) => level === "organisation" || !whole.has(organisation?.id ?? ""));
}

/** The worst first: of those who can acknowledge the smallest part has; then where the most people have not. */
export function inOrder(rows: readonly ScopeNumbers[], order: Order): ScopeNumbers[] {
  const byName = (one: ScopeNumbers, other: ScopeNumbers) => compare(one.name, other.name);
  if (order === "name") return rows.toSorted(byName);
  return rows.toSorted(
    (one, other) => share(one) - share(other) || other.outstanding - one.outstanding || byName(one, other),
  );
}

function share({ acknowledged, outstanding }: ScopeNumbers): number {
  return outstanding === 0 ? 1 : acknowledged / (acknowledged + outstanding);
}

export function acknowledgedText({ acknowledged, recipients }: AcknowledgementNumbers): string {
  return translate("acknowledging_part", { part: acknowledged, count: recipients });
}

/** Null where nobody is asked any more. */
export function outstandingText({ outstanding, overdue }: AcknowledgementNumbers): string | null {
  if (outstanding === 0) return null;
  return translate(overdue > 0 ? "acknowledging_overdue" : "acknowledging_outstanding", { count: outstanding });
}

export function percentText({ acknowledged, recipients }: AcknowledgementNumbers): string {
  return translate("message_percent", { percent: percent(acknowledged, recipients) });
}

/** "about 5 hours". */
export function medianText({ median_hours: hours }: AcknowledgementNumbers): string | null {
  if (hours === null) return null;
  const [value, unit] =
    hours < 1 ? [hours * 60, "minute"] : hours < 2 * HOURS_A_DAY ? [hours, "hour"] : [hours / HOURS_A_DAY, "day"];
  const format = new Intl.NumberFormat(LOCALE, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 });
  return translate("acknowledging_median", { time: format.format(Math.max(1, Math.round(value))) });
}

/** Why people cannot be reminded; null where they can. */
export function reasonAgainstReminding(
  message: Message,
  { totals, closed_because }: AcknowledgementSummary,
): string | null {
  if (closed_because === "superseded") return translate("acknowledging_no_replaced");
  if (closed_because === "recalled") return translate("follow_up_recalled");
  if (message.expired) return translate("follow_up_expired");
  if (totals.outstanding > 0) return null;
  return translate(totals.left > 0 ? "acknowledging_all_but_left" : "acknowledging_all");
}

/** Why the reminder was not sent. */
export function reminderError(error: unknown, now: Date): string {
  if (hasCode(error, "validation-failed")) return flatten(error.errors).join(" ");
  if (!hasCode(error, "reminder-too-soon")) return sentence(error);
  if (error.retryAfterMs === undefined) return translate("acknowledging_too_soon");
  return translate("acknowledging_too_soon_until", {
    date: date(new Date(now.getTime() + error.retryAfterMs).toISOString()),
  });
}
