/** What a sender asks recipients to confirm, until when, and when those who have not are reminded. Pure. */
import type { KeptDraft, Message, NewMessage } from "../../api";
import { translate } from "../strings";
import { date } from "./dates";
import { fromLocal, suggest } from "./options";
import { clean, textError } from "./text";

/** One of both times at most. A time that was asked for and not entered yet is an empty text, or 0 days. */
export interface Asked {
  readonly statement: string;
  readonly due_at: string | null;
  readonly due_in_days: number | null;
  readonly remind_days_before: readonly number[];
}

/** As a request has it. */
export type Stated = NonNullable<NewMessage["acknowledgement"]>;
export type Due = "days" | "date" | "none";
export const DUES: readonly Due[] = ["days", "date", "none"];
export const MAX_DUE_DAYS = 365;
/** What is offered. */
const REMINDERS = [7, 3, 1, 0];
const MAX_REMINDERS = 4;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The hub's own (services/compose_api/domain.py). */
const DEFAULT_STATEMENT = translate("acknowledgement_statement_default");

/** What is offered first. */
export const BEGINNING: Asked = {
  statement: DEFAULT_STATEMENT,
  due_at: null,
  due_in_days: 14,
  remind_days_before: [3, 1],
};

export function dueOf({ due_at, due_in_days }: Pick<Asked, "due_at" | "due_in_days">): Due {
  if (due_in_days !== null) return "days";
  return due_at === null ? "none" : "date";
}

export function withDue(asked: Asked, due: Due, now: Date): Asked {
  const due_at = due === "date" ? suggest("due_at", now) : null;
  return { ...asked, due_at, due_in_days: due === "days" ? BEGINNING.due_in_days : null };
}

/** Those that are offered, and those that are chosen; the first comes first. */
export function reminderChoices({ remind_days_before }: Asked): number[] {
  return [...new Set([...REMINDERS, ...remind_days_before])].sort((one, other) => other - one);
}

export function withReminder(asked: Asked, days: number, isOn: boolean): Asked {
  const others = asked.remind_days_before.filter((one) => one !== days);
  return { ...asked, remind_days_before: isOn ? [...others, days] : others };
}

/** As the hub takes it: without what is not entered yet. */
export function toAsked({ statement, due_at, due_in_days, remind_days_before }: Asked) {
  const due = { due_at: due_at || null, due_in_days: isDays(due_in_days) ? due_in_days : null };
  const isDue = dueOf(due) !== "none";
  return {
    statement: (clean("statement", statement) ?? statement.trim()) || DEFAULT_STATEMENT,
    ...due,
    remind_days_before: isDue ? [...remind_days_before].sort((one, other) => other - one) : [],
  } satisfies Stated;
}

export function fromAsked(kept: NonNullable<KeptDraft["acknowledgement"]>): Asked {
  return { ...kept, due_at: kept.due_at && new Date(kept.due_at).toISOString() };
}

/** What another message with the same content begins with. A due date that has passed becomes as many days as it was away. */
export function askedAgain({ acknowledgement, sent_at }: Message, now: Date): Asked | null {
  if (!acknowledgement) return null;
  const { statement, due_at, remind_days_before } = acknowledgement;
  const base = { statement, due_at: null, due_in_days: null, remind_days_before };
  if (due_at === null) return base;
  if (new Date(due_at) > now) return { ...base, due_at: new Date(due_at).toISOString() };
  const days = Math.round((Date.parse(due_at) - Date.parse(sent_at)) / DAY_MS);
  return { ...base, due_in_days: Math.min(Math.max(1, days), MAX_DUE_DAYS) };
}

/** From the storage, where it may have been changed by hand. */
export function readAsked(value: unknown): Asked | null {
  if (typeof value !== "object" || value === null) return null;
  const { statement, due_at, due_in_days, remind_days_before } = value as Record<string, unknown>;
  if (typeof statement !== "string") return null;
  const days = Array.isArray(remind_days_before) ? remind_days_before.filter((one) => Number.isInteger(one)) : [];
  return {
    statement,
    due_at: typeof due_at === "string" ? fromLocal(due_at) : null,
    due_in_days: typeof due_in_days === "number" ? due_in_days : null,
    remind_days_before: days,
  };
}

export const ASKED_FIELDS = ["statement", "due_at", "due_in_days", "remind_days_before"] as const;
export type AskedField = (typeof ASKED_FIELDS)[number];

/** What is wrong with it before the hub is asked. One that is sent later may be due later. */
export function findAskedMistakes(
  asked: Asked | null,
  now: Date,
  isSentNow = true,
): Partial<Record<AskedField, string>> {
  if (asked === null) return {};
  const found = {
    statement: textError("statement", asked.statement),
    due_at: asked.due_at === null ? null : dueError(asked.due_at, now, isSentNow),
    due_in_days: asked.due_in_days === null || isDays(asked.due_in_days) ? null : daysError(),
    remind_days_before: asked.remind_days_before.length > MAX_REMINDERS ? remindersError() : null,
  };
  return Object.fromEntries(Object.entries(found).filter(([, error]) => error !== null));
}

/** When it is due if it is sent now; null without a due date. */
export function dueTime({ due_at, due_in_days }: Stated, now: Date): string | null {
  return due_in_days ? new Date(now.getTime() + due_in_days * DAY_MS).toISOString() : (due_at ?? null);
}

/** Whether the message is taken down before it is due. */
export function isGoneBefore(asked: Asked | null, expires_at: string | null, now: Date): boolean {
  const due = asked && dueTime(toAsked(asked), now);
  return due !== null && expires_at !== null && Date.parse(expires_at) < Date.parse(due);
}

/** "5 December 2026 at 18:00", or "14 days after it is sent". */
export function dueText({ due_at, due_in_days }: Pick<Asked, "due_at" | "due_in_days">): string {
  if (due_in_days !== null) return translate("acknowledgement_days_later", { count: due_in_days });
  return due_at ? date(due_at) : translate("acknowledgement_due_none");
}

export function reminderText(days: number): string {
  return days === 0 ? translate("acknowledgement_remind_due") : translate("acknowledgement_remind", { count: days });
}

function isDays(days: number | null): boolean {
  return days !== null && Number.isInteger(days) && days >= 1 && days <= MAX_DUE_DAYS;
}

function dueError(iso: string, now: Date, isSentNow: boolean): string | null {
  if (iso === "") return translate("options_no_time");
  const time = Date.parse(iso);
  const isNear = !isSentNow || time <= now.getTime() + MAX_DUE_DAYS * DAY_MS;
  return time > now.getTime() && isNear ? null : translate("acknowledgement_bad_due");
}

function daysError(): string {
  return translate("acknowledgement_bad_days", { maximum: MAX_DUE_DAYS });
}

function remindersError(): string {
  return translate("acknowledgement_many_reminders", { maximum: MAX_REMINDERS });
}
