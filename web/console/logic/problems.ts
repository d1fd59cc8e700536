/** Turns errors of the API into sentences, each beside the field that it belongs to. Pure. */

import { Problem } from "../../api";
import { translate } from "../strings";
import { problems } from "../strings/problems";
import { ASKED_FIELDS, findAskedMistakes, isGoneBefore } from "./acknowledgement";
import { type Draft, toPeople } from "./draft";
import { findOptionMistakes } from "./options";
import { textError } from "./text";

/** In the order of the page. */
export const FIELDS = [
  ...(["change_summary", "title", "body", "audience", "category", "priority", "pinned_until", "expires_at"] as const),
  ...ASKED_FIELDS,
] as const;
export type Field = (typeof FIELDS)[number];

export interface Mistakes {
  readonly fields: Readonly<Partial<Record<Field, string>>>;
  /** What belongs to no field. */
  readonly other: string | null;
}

export const NONE: Mistakes = { fields: {}, other: null };

/** A sentence for any error: by its code, else the API's own. */
export function sentence(error: unknown): string {
  if (!(error instanceof Problem)) return translate("problem_on_page");
  const key = `problem_${error.code.replaceAll("-", "_")}`;
  return key in problems ? translate(key as keyof typeof problems) : error.detail;
}

/** Sorts the API's errors to the fields of the compose page. */
export function mistakes(error: unknown): Mistakes {
  if (!(error instanceof Problem)) return { fields: {}, other: sentence(error) };
  const fields: Partial<Record<Field, string>> = {};
  const others: string[] = [];
  for (const [name, value] of Object.entries(lifted(error.errors))) {
    const text = flatten(value).join(" ");
    if (isField(name)) fields[name] = text;
    else if (name === "follows") fields.audience = text;
    else if (text) others.push(name === "supersedes" ? text : `${name}: ${text}`);
  }
  const isExplained = Object.keys(fields).length > 0;
  if (others.length > 0) return { fields, other: others.join(" ") };
  return { fields, other: isExplained ? null : sentence(error) };
}

/** What is wrong with a message before the hub is asked. */
export function findMistakes(draft: Draft, now: Date, isSentNow = true): Mistakes {
  const { title, body, options, acknowledgement, supersedes, change_summary } = draft;
  const isGone = isGoneBefore(acknowledgement, options.expires_at, now);
  const found = {
    change_summary: supersedes === null ? null : textError("change_summary", change_summary),
    title: textError("title", title),
    body: textError("body", body),
    audience: toPeople(draft) === null ? translate("compose_no_recipients") : null,
    ...(isGone && { expires_at: translate("acknowledgement_gone_before") }),
    ...findOptionMistakes(options, now, isSentNow),
    ...findAskedMistakes(acknowledgement, now, isSentNow),
  };
  return { fields: Object.fromEntries(Object.entries(found).filter(([, error]) => error !== null)), other: null };
}

export function hasMistakes({ fields, other }: Mistakes): boolean {
  return other !== null || Object.values(fields).some(Boolean);
}

/** All sentences in a value nested as the request was: lists, and objects by field or position. Each of them once. */
export function flatten(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return [...new Set(Object.values(value).flatMap(flatten))];
}

/** The fields of the acknowledgement stand on the page beside the others. */
function lifted({ acknowledgement, ...errors }: Problem["errors"]): Record<string, unknown> {
  const isNested = typeof acknowledgement === "object" && acknowledgement !== null && !Array.isArray(acknowledgement);
  return isNested ? { ...errors, ...acknowledgement } : { ...errors, ...(acknowledgement ? { acknowledgement } : {}) };
}

function isField(name: string): name is Field {
  return (FIELDS as readonly string[]).includes(name);
}
