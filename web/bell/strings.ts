/**
 * Every word the bell says, in English, and how a page puts others in their place. Plain data, so that a translation can be a JSON
 * file: `{count}` and the like are filled in, and where a number decides the form, there is one text per plural category of
 * `Intl.PluralRules` (`zero`, `one`, `two`, `few`, `many`, `other`).
 */

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };
export type Strings = typeof english;
/** What a page may give: any part of it. */
export type GivenStrings = { readonly [Key in keyof Strings]?: Strings[Key] extends string ? string : Plural | string };

export const english = {
  messages: "Messages",
  new_messages: { one: "{count} new message", other: "{count} new messages" } as Plural,
  arrived: "New message: {title}",
  close: "Close",
  mark_all_read: "Mark all as read",
  show: "Show",
  number: "{count}",
  all: "All",
  unread: "Unread",
  archived: "Archived",
  from: "From {sender}",
  opens_in_new_tab: "opens in a new tab",
  mark_unread: "Mark as unread",
  archive: "Archive",
  unarchive: "Move back",
  was_archived: "Archived.",
  was_unarchived: "Moved back.",
  undo: "Undo",
  older: "Older messages",
  loading: "Loading messages…",
  empty_all: "No messages yet",
  empty_all_hint: "What your administrators send appears here.",
  empty_unread: "Nothing unread",
  empty_archived: "Nothing archived",
  offline: "No connection. Trying again…",
  failed: "The messages could not be loaded.",
  signed_out: "Please sign in to see your messages.",
  not_saved: "That could not be saved. Please try again.",
  recalled: "This message was recalled.",
  gone: "This message is no longer in the list.",
  try_again: "Try again",
};

type Values = Readonly<Record<string, string | number>>;

/** Says things in the page's words where it gave some. */
export function translator(given: GivenStrings, locale: string | undefined) {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  return (key: keyof Strings, values: Values = {}): string => {
    const text: string | Plural = given[key] ?? english[key];
    const template = typeof text === "string" ? text : (text[rules.select(Number(values.count))] ?? text.other);
    return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return typeof value === "number" ? numbers.format(value) : (value ?? whole);
    });
  };
}

/** A language tag that Intl takes; undefined, which stands for the browser's own, for what is none (`de_DE`, a typing error). */
export function readLocale(tag: string | null | undefined): string | undefined {
  try {
    return tag ? Intl.getCanonicalLocales(tag)[0] : undefined;
  } catch {
    return undefined;
  }
}

export type Translate = ReturnType<typeof translator>;
