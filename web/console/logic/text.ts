/** What the hub counts in a title and a body: code points of the normalised text. Pure; used by the compose page. */

export const MAX_TITLE = 70;
export const MAX_BODY = 1000;

/** From here on the counter is read out while typing. */
const NEARLY_FULL = 20;

// White_Space and zero-width characters: what the hub trims from both ends before it counts.
const TRIMMED = "[\\p{White_Space}\\u180e\\u200b\\u200c\\u200d\\u2060\\ufeff]+";
const AT_START = new RegExp(`^${TRIMMED}`, "u");
const AT_END = new RegExp(`${TRIMMED}$`, "u");

/** The text as the hub stores it. */
export function normalise(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(AT_START, "").replace(AT_END, "").normalize("NFC");
}

/** How many characters the hub counts: an emoji outside the basic plane is one, not two. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of normalise(text)) count += 1;
  return count;
}

export interface Counter {
  count: number;
  maximum: number;
  isOver: boolean;
  /** Shown beside the field. */
  label: string;
  /** Read out by screen readers; empty while there is plenty of room. */
  announcement: string;
}

export function counter(text: string, maximum: number): Counter {
  const count = countCharacters(text);
  const left = maximum - count;
  const isOver = left < 0;
  const over = `${-left} too many`;
  return {
    count,
    maximum,
    isOver,
    label: isOver ? `${count} of ${maximum} characters, ${over}` : `${count} of ${maximum} characters`,
    announcement: isOver ? over : left <= NEARLY_FULL ? `${left} left` : "",
  };
}

/** What is wrong with a text before the hub is asked, or null. The hub has the last word on the rest. */
export function textError(what: "title" | "message", text: string, maximum: number): string | null {
  const { count } = counter(text, maximum);
  if (count === 0) return what === "title" ? "Enter a title." : "Enter a message.";
  if (count > maximum) return `Shorten the ${what} to ${maximum} characters; it has ${count}.`;
  return null;
}
