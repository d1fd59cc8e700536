/** Texts of the page of one sent message. */
import type { Plural } from "../../common/translate";

export const message = {
  message_back: "Messages",
  message_heading: "Message",
  message_loading: "Loading the message…",
  message_failed: "Could not load the message",
  message_missing: "Message not found or no access",
  message_missing_text: "It may not exist, or you do not administer any of its recipients.",

  message_fresh: "Sent. Recipients can see it now.",
  message_spoken_sent: { one: "Sent to {count} person.", other: "Sent to {count} people." } as Plural,
  message_recalled: "Recalled by {name} on {date}. Recipients can no longer see it.",
  message_recalled_by_unknown: "Recalled on {date}. Recipients can no longer see it.",
  message_expired: "Expired on {date}. Recipients can no longer see it.",
  message_dropped: "No longer kept: recipients do not see it any more, and who has read it is not known any more.",

  message_read: "Read rate",
  message_percent: "{percent}%",
  message_read_by: { one: "Read by {read} of {count} person", other: "Read by {read} of {count} people" } as Plural,
  message_seen_by: { one: "Seen in the list by {count} person", other: "Seen in the list by {count} people" } as Plural,
  message_delivering: "Deliveries recorded: {part} of {whole}",
  message_delivery_bar: "Deliveries recorded",
  message_part: "{part} of {whole}",
  message_delivered: { one: "Delivered to {count} person", other: "Delivered to {count} people" } as Plural,

  message_recipients: "Recipients",
  message_recipients_reach: "You see recipients in the organisations and clinics that you administer.",
  message_recipients_status: "Show recipients",
  message_recipients_all: "All",
  message_recipients_read: "Read",
  message_recipients_unread: "Unread",
  message_recipients_loading: "Loading recipients…",
  message_recipients_failed: "Could not load recipients",
  message_recipients_none_all: "No recipients",
  message_recipients_none_read: "No one has read it yet",
  message_recipients_none_unread: "Everyone has read it",
  message_read_on: "Read {date}",
  message_export: "Export",
  message_exporting: "Exporting…",
  message_exporting_count: { one: "Exporting… {count} recipient", other: "Exporting… {count} recipients" } as Plural,
  message_export_stop: "Stop",
  message_export_failed: "Could not export recipients. {reason}",
  message_export_file: "Recipients of {title}",

  message_audience: "Sent to",
  message_all_names: "Show all {count}",
  message_hidden_scopes: {
    one: "and {count} other that you do not administer",
    other: "and {count} others that you do not administer",
  } as Plural,

  message_copy: "Send a copy",
  message_copy_narrower:
    "Some recipients of the original are not included, because you do not administer them. Check the recipients.",
  message_copy_failed: "The message could not be copied. {reason}",
  message_recall: "Recall",
  message_recalling: "Recalling…",
  message_recall_heading: "Recall this message?",
  message_recall_keep: "Keep it",
  message_recall_people: {
    one: "{count} person will no longer see “{title}”.",
    other: "{count} people will no longer see “{title}”.",
  } as Plural,
  message_recall_uncounted: "Recipients will no longer see “{title}”.",
  message_recall_final:
    "Some may have read it already. This cannot be undone. The message stays in this list, marked as recalled by you.",
};
