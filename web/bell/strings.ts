/** Every text of the bell, in English. A page may replace any of them (`strings`); docs/embedding.md lists them. */
import { type Plural, type Translation, translator as translatorOf } from "../common/translate";

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

export type Strings = typeof english;
/** What a page may give: any part of it. */
export type GivenStrings = Translation<Strings>;

/** Says things in the page's words where it gave some. */
export function translator(given: GivenStrings, locale: string | undefined) {
  return translatorOf(english, given, locale);
}

export type Translate = ReturnType<typeof translator>;
