/**
 * The hub's rules for the texts of a message (services/compose_api/text.py and shared/text.py), for the compose page: what is removed
 * from a pasted text, what is refused, and how many characters are counted. text.cases.json holds both implementations to the same. All
 * but the body are of one line. Pure.
 */

import { translate } from "../strings";

export type TextField = "title" | "body" | "statement" | "change_summary";

export const MAXIMUM: Readonly<Record<TextField, number>> = {
  title: 70,
  body: 1000,
  statement: 200,
  change_summary: 300,
};
const MINIMUM: Readonly<Record<TextField, number>> = { title: 1, body: 1, statement: 1, change_summary: 8 };

/** From here on the counter is read out while typing. */
const NEARLY_FULL = 20;
/** How much of a text shows where in it a character stands. */
const SHOWN_BEFORE = 20;

// No canonical decomposition is longer, so NFC leaves at least a quarter.
const NFC_JOINS = 4;

const LINE_END = /\r\n|[\r\v\f\x85\u2028\u2029]/g;

// Code points without a meaning yet that may become a visible character. The last two of each plane never do.
const NO_CHARACTERS = Array.from({ length: 17 }, (_, plane) =>
  ["fffe", "ffff"].map((end) => `\\u{${plane.toString(16)}${end}}`).join(""),
).join("");
const UNASSIGNED = `(?![\\u{e0000}-\\u{e0fff}${NO_CHARACTERS}])\\p{Cn}`;

// Controls but NUL, which is refused, TAB and LF; direction controls, and what has no width and no meaning.
const REMOVED =
  /(?![\0\t\n])\p{Cc}|[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0001}]/gu;
// Tag characters spell a region behind the black flag (an emoji); anywhere else they are invisible text.
const STRAY_TAGS = /(?<![\u{1f3f4}\u{e0020}-\u{e007f}])[\u{e0020}-\u{e007f}]+/gu;
// A joiner between letters or emoji shapes them; anywhere else it is invisible.
const JOINED = `(?:[\\p{L}\\p{M}\\p{S}]|${UNASSIGNED})`;
const STRAY_JOINER = new RegExp(`(?<!${JOINED})[\\u200c\\u200d]|[\\u200c\\u200d](?!${JOINED})`, "gu");

const AT_ENDS = /^\p{White_Space}+|\p{White_Space}+$/gu;
// Letters, marks and symbols by their category, yet nothing is drawn.
const BLANK =
  "\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180d\\u180f\\u2800\\u3164\\ufe00-\\ufe0f\\uffa0\\u{1d159}\\u{e0100}-\\u{e01ef}";
const VISIBLE = new RegExp(`(?![${BLANK}])[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]|${UNASSIGNED}`, "u");

const REFUSED = /\0|\p{Cs}/u;

/** The text without what is invisible, its line ends as LF, or as spaces where it has one line. White space at the ends stays. */
export function removeInvisible(field: TextField, text: string): string {
  const lines = text.replace(LINE_END, "\n");
  const ended = field === "body" ? lines : lines.replace(/[\n\t]/g, " ");
  return ended.replace(REMOVED, "").replace(STRAY_TAGS, "").replace(STRAY_JOINER, "");
}

/** The text as the hub stores it; null where the hub refuses it. */
export function clean(field: TextField, text: string): string | null {
  if (REFUSED.test(text)) return null;
  const cleaned = normalise(field, text);
  const count = countCodePoints(cleaned);
  return VISIBLE.test(cleaned) && count >= MINIMUM[field] && count <= MAXIMUM[field] ? cleaned : null;
}

/** Whether more needs to be written before the hub takes it. */
export function isUnfinished(field: TextField, text: string): boolean {
  const cleaned = normalise(field, text);
  return !VISIBLE.test(cleaned) || countCodePoints(cleaned) < MINIMUM[field];
}

function normalise(field: TextField, text: string): string {
  const trimmed = removeInvisible(field, text).replace(AT_ENDS, "");
  // What is far too long stays too long. NFC takes seconds over tens of thousands of combining marks.
  return trimmed.length > MAXIMUM[field] * NFC_JOINS * 2 ? trimmed : trimmed.normalize("NFC");
}

/** How many characters `removeInvisible` removes. A line end of two characters counts as one. */
export function countRemoved(field: TextField, text: string): number {
  return countCodePoints(text.replaceAll("\r\n", "\n")) - countCodePoints(removeInvisible(field, text));
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export interface Counter {
  isOver: boolean;
  /** Shown beside the field. */
  label: string;
  /** Read out by screen readers; empty while there is plenty of room. */
  announcement: string;
}

export function counter(field: TextField, text: string): Counter {
  const maximum = MAXIMUM[field];
  const count = countCodePoints(normalise(field, text));
  const left = maximum - count;
  if (left < 0) {
    const over = -left;
    return {
      isOver: true,
      label: translate("compose_count_over", { count, maximum, over }),
      announcement: translate("compose_over", { count: over }),
    };
  }
  const announcement = left <= NEARLY_FULL ? translate("compose_left", { count: left }) : "";
  return { isOver: false, label: translate("compose_count", { count, maximum }), announcement };
}

/** What is wrong with a text before the hub is asked, or null. The hub has the last word on the rest. */
export function textError(field: TextField, text: string): string | null {
  const refused = REFUSED.exec(text);
  if (refused) return refusal(text, refused);
  const cleaned = normalise(field, text);
  if (!VISIBLE.test(cleaned)) return translate(`compose_no_${field}`);
  const count = countCodePoints(cleaned);
  const [minimum, maximum] = [MINIMUM[field], MAXIMUM[field]];
  if (count < minimum) return translate("compose_short", { minimum, count });
  return count <= maximum ? null : translate(`compose_long_${field}`, { count, maximum });
}

/** Names a character that cannot be seen by its code point and by what stands before it. */
function refusal(text: string, { 0: character, index }: RegExpExecArray): string {
  const code = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  const before = [...text.slice(0, index).trimEnd()].slice(-SHOWN_BEFORE).join("");
  return before ? translate("compose_refused", { code, before }) : translate("compose_refused_first", { code });
}
