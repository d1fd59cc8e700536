/** Turns what the API says about a request into sentences beside the fields they belong to. Pure; used by the compose page. */

import { type NewMessage, Problem } from "../../api";
import { MAX_BODY, MAX_TITLE, textError } from "./text";

export type Field = "audience" | "title" | "body";

export interface Mistakes {
  readonly fields: Readonly<Partial<Record<Field, string>>>;
  /** What belongs to no field. */
  readonly other: string | null;
}

export const NONE: Mistakes = { fields: {}, other: null };

const FIELDS: readonly Field[] = ["audience", "title", "body"];

// The API speaks to programs; these are the same facts said to an administrator.
const SENTENCES: Readonly<Record<string, string>> = {
  "user-inactive": "Your account is not active. Ask an administrator of your platform.",
  "feature-not-available": "Your platform’s plan does not include sending messages.",
  "idempotency-key-reused":
    "An earlier attempt with other content has arrived. Look under Messages before you send this one; sending again makes a second message.",
  unreachable: "Message Hub cannot be reached. Check your connection.",
  timeout: "Message Hub took too long to answer.",
  unavailable: "Message Hub is busy right now.",
  "rate-limited": "Too many requests in a short time. Wait a moment.",
};

/** A sentence for whatever went wrong. */
export function sentence(error: unknown): string {
  if (error instanceof Problem) return SENTENCES[error.code] ?? error.detail;
  return "Something went wrong on this page. Reload it and try again.";
}

/** Sorts the API's errors to the fields of the compose page. */
export function mistakes(error: unknown): Mistakes {
  if (!(error instanceof Problem)) return { fields: {}, other: sentence(error) };
  const fields: Partial<Record<Field, string>> = {};
  const others: string[] = [];
  for (const [name, value] of Object.entries(error.errors)) {
    const text = flatten(value).join(" ");
    if (isField(name)) fields[name] = text;
    else if (text) others.push(`${name}: ${text}`);
  }
  const isExplained = Object.keys(fields).length > 0;
  if (others.length > 0) return { fields, other: others.join(" ") };
  return { fields, other: isExplained ? null : sentence(error) };
}

/** What is wrong with a message before the hub is asked. */
export function findMistakes(
  title: string,
  body: string,
  audience: NewMessage["audience"] | null,
  mayChooseAll: boolean,
): Mistakes {
  const choose = mayChooseAll
    ? "Choose everyone, an organisation or a clinic."
    : "Choose at least one organisation or clinic.";
  const found = {
    audience: audience === null ? choose : null,
    title: textError("title", title, MAX_TITLE),
    body: textError("message", body, MAX_BODY),
  };
  return { fields: Object.fromEntries(Object.entries(found).filter(([, error]) => error !== null)), other: null };
}

export function hasMistakes({ fields, other }: Mistakes): boolean {
  return other !== null || Object.values(fields).some(Boolean);
}

/** All sentences in a value nested as the request was: lists, and objects by field or position. Each of them once. */
function flatten(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return [...new Set(Object.values(value).flatMap(flatten))];
}

function isField(name: string): name is Field {
  return (FIELDS as readonly string[]).includes(name);
}
