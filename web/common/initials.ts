/** What stands for a person in place of a picture. */

/**
 * One or two letters of a name: "AO" for "Amara Okafor". One only in scripts without capitals, where the letters of two names side by
 * side would read as a word or as another name. Punctuation does not count; an emoji does.
 */
export function initials(name: string): string {
  const graphemes = new Intl.Segmenter();
  const words = name.replace(/\p{P}/gu, "").trim().split(/\s+/);
  const [first = "", last = ""] = [words[0], words[words.length - 1]].map(
    (word = "") => [...graphemes.segment(word)][0]?.segment.toUpperCase() ?? "",
  );
  return words.length > 1 && /^\p{Lu}/u.test(first) && /^\p{Lu}/u.test(last) ? first + last : first;
}
