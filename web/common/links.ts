/**
 * Finds the web addresses in a plain text. The answer is parts, never HTML: who shows them makes text nodes and `<a>` elements,
 * so nothing that somebody wrote can become markup. The bell, the console and its preview share these rules.
 */

export interface Text {
  readonly kind: "text";
  readonly text: string;
}

export interface Link {
  readonly kind: "link";
  /** As it was written. */
  readonly text: string;
  /** Where it leads; always http or https. */
  readonly href: string;
}

export type Part = Text | Link;

/** For every link that is shown: the page behind it learns neither where the reader came from nor a way back. */
export const LINK_REL = "noopener noreferrer";

// Up to what cannot stand in an address as people write it: white space, controls, `"`, `<`, `>`, and any punctuation of other scripts
// (full-width forms, corner brackets, Arabic and Devanagari marks): their sentences go on without a space. Dashes may stand in it.
const CANDIDATE =
  /(?<![\w@./-])(?:https?:\/\/|www\.)(?:[!#-;=?-_a-~]|[^\0-\x7f\s\p{Cc}\p{Cf}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}])+/giu;
// What ends the sentence around an address rather than the address.
const TRAILING = /[.,:;!?'*_~|]$/;
const BRACKETS: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** The text cut into plain parts and links, in order; joined again, their `text` is the text. */
export function split(text: string): Part[] {
  const parts: Part[] = [];
  let done = 0;
  const addText = (end: number) => {
    if (end > done) parts.push({ kind: "text", text: text.slice(done, end) });
  };
  for (const found of text.matchAll(CANDIDATE)) {
    const written = trim(found[0]);
    const href = address(written);
    if (!href) continue;
    addText(found.index);
    parts.push({ kind: "link", text: written, href });
    done = found.index + written.length;
  }
  addText(text.length);
  return parts;
}

/** Without the punctuation and the closing brackets that belong to the sentence around it: `(see https://a.b/c_(d)).` */
function trim(candidate: string): string {
  let end = candidate.length;
  for (;;) {
    const kept = candidate.slice(0, end);
    const last = kept.at(-1) ?? "";
    const opening = BRACKETS[last];
    const isUnopened = opening !== undefined && count(kept, last) > count(kept, opening);
    if (!isUnopened && !TRAILING.test(kept)) return kept;
    end -= 1;
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** Undefined for what is no address after all. Names and passwords in it are refused: they serve to disguise where it leads. */
function address(written: string): string | undefined {
  const isBare = /^www\./i.test(written);
  let url: URL;
  try {
    url = new URL(isBare ? `https://${written}` : written);
  } catch {
    return undefined;
  }
  // "www.", "www.x" and "www...": no host that anybody means.
  if (url.username || url.password || (isBare && !/^www\.[^.]+\../.test(url.hostname))) return undefined;
  return /^https?:$/.test(url.protocol) && url.hostname ? url.href : undefined;
}
