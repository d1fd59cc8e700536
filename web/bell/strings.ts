/** Every text of the bell, in English. A page may replace any of them (`strings`); docs/embedding.md lists them. */
import { type Plural, type Translation, translator as translatorOf } from "../common/translate";

export const english = {
  messages: "Messages",
  new_messages: { one: "{count} new message", other: "{count} new messages" } as Plural,
  bell: "{messages}, {new_messages}",
  arrived: "New message: {title}",
  close: "Close",
  mark_all_read: "Mark all as read",
  show: "Show",
  number: "{count}",
  all: "All",
  unread: "Unread",
  archived: "Archived",
  unread_message: "Unread:",
  important: "Important",
  pinned: "Pinned",
  is_expired: "Expired",
  category_service: "Service notice",
  category_regulation: "Regulation change",
  category_feature: "New feature",
  category_other: "Other",
  opens_in_new_tab: "(opens in a new tab)",
  mark_unread: "Mark as unread",
  archive: "Archive",
  unarchive: "Restore",
  was_archived: "Archived",
  was_unarchived: "Restored",
  undo: "Undo",
  see_all: "See all messages",
  create: "Create message",
  older: "Show older messages",
  loading: "Loading messages…",
  empty_all: "No messages yet",
  empty_all_hint: "Messages from your administrators appear here.",
  empty_unread: "No unread messages",
  empty_archived: "No archived messages",
  empty_category: "No messages of this category",
  offline: "No connection. Reconnecting…",
  failed: "Could not load messages.",
  signed_out: "Sign in to see your messages.",
  not_saved: "Could not save the change. Please try again.",
  recalled: "This message was recalled.",
  expired: "This message has expired.",
  gone: "This message is no longer in the list.",
  retry: "Retry",
};

export type Strings = typeof english;
/** What a page may give: any part of it. */
export type GivenStrings = Translation<Strings>;

/** Says things in the page's words where it gave some. */
export function translator(given: GivenStrings, locale: string | undefined) {
  return translatorOf(english, given, locale);
}

/** A platform's own categories are called as the platform calls them. */
export function categoryName(category: string, translate: Translate): string {
  const key = `category_${category}`;
  return Object.hasOwn(english, key) ? translate(key as keyof Strings) : category;
}

export type Translate = ReturnType<typeof translator>;
