/**
 * Words in the reader's language. A catalogue is plain data, so that a translation can be a JSON file: `{count}` and the like are
 * filled in, and where a number decides the form, there is one text per plural category of `Intl.PluralRules` (`zero`, `one`, `two`,
 * `few`, `many`, `other`).
 */

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };
export type Catalogue = Readonly<Record<string, string | Plural>>;
/** Any part of a catalogue, in another language. */
export type Translation<Words extends Catalogue> = {
  readonly [Key in keyof Words]?: Words[Key] extends string ? string : Plural | string;
};
export type Values = Readonly<Record<string, string | number>>;

/** A function that looks up a text by its key: in `given`, else in `words`, which are complete. Numbers are written as in `locale`. */
export function translator<Words extends Catalogue>(
  words: Words,
  given: Translation<Words>,
  locale: string | undefined,
) {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  return (key: keyof Words, values: Values = {}): string => {
    const text = (given[key] ?? words[key]) as string | Plural;
    const template = typeof text === "string" ? text : (text[rules.select(Number(values.count))] ?? text.other);
    return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return typeof value === "number" ? numbers.format(value) : (value ?? whole);
    });
  };
}

/** A language tag that Intl takes; undefined, which stands for the browser's own, for an invalid one (`de_DE`). */
export function readLocale(tag: string | null | undefined): string | undefined {
  try {
    return tag ? Intl.getCanonicalLocales(tag)[0] : undefined;
  } catch {
    return undefined;
  }
}
