/** Two letters for a person, in place of a picture. */

/** The first letters of the first and the last word: "AO" for "Amara Okafor". Empty for a name without letters. */
export function initials(name: string): string {
  const letters = name.split(/\s+/).flatMap((word) => word.match(/[\p{L}\p{N}]\p{M}*/u) ?? []);
  const [first = ""] = letters;
  return (letters.length > 1 ? first + letters.at(-1) : first).toUpperCase();
}
