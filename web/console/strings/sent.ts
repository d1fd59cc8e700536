/** Texts of the list of sent messages and of its filter. */
import type { Plural } from "../../common/translate";

export const sent = {
  sent_list: "Sent messages",
  sent_loading: "Loading messages…",
  sent_failed: "Could not load messages",
  sent_new: { one: "{count} new message", other: "{count} new messages" } as Plural,
  sent_new_more: "{count}+ new messages",
  sent_today: "Today",
  sent_yesterday: "Yesterday",
  sent_week: "This week",

  sent_column_message: "Message",
  sent_column_recipients: "Recipients",
  sent_column_read: "Read rate",
  sent_column_sender: "Sent by",
  sent_label_recipients: "Recipients: ",
  sent_read: "{percent}% read",

  sent_and_more: "{names} and {count} more",
  sent_hidden_scopes: { one: "{count} organisation or clinic", other: "{count} organisations or clinics" } as Plural,
  sent_recalled_uncounted: "Recalled before recipients were counted",

  sent_status_delivering: "Visible to everyone · recording deliveries…",
  sent_status_sent: "Sent",
  sent_status_recalled: "Recalled",
  sent_status_expired: "Expired",
  sent_status_dropped: "No longer kept",

  sent_search: "Search messages",
  sent_search_hint: "Words in the title or message",
  sent_found: { one: "{count} match", other: "{count} matches" } as Plural,
  sent_found_more: "More than {count} matches",
  sent_no_match_text: "Check the spelling, or search for fewer words.",
  sent_no_match_filter: "Check the spelling, search for fewer words, or clear the filter.",

  sent_bad_search: "Search for fewer words",
  sent_bad_search_text: "Up to 10 words can be searched for at once.",

  sent_filter: "Filter by organisation or clinic",
  sent_filter_all: "All organisations and clinics",
  sent_filter_clear: "Clear filter",
  sent_filter_type: "Type to find an organisation or clinic.",

  sent_category: "Filter by category",
  sent_category_all: "All categories",
  sent_category_empty: "No messages of this category",
  sent_category_empty_text: "Choose another category, or show all messages.",

  sent_unknown_filter: "Organisation or clinic not found or no access",
  sent_unknown_filter_text: "It may have been removed, or you do not administer it.",
  sent_show_all: "Show all messages",
  sent_nothing_reached: "No messages to {name} yet",
  sent_nothing_reached_text: "Messages that reach {name} appear here.",
  sent_empty: "No messages yet",
  sent_empty_text: "Messages that you and other administrators send appear here.",
};
