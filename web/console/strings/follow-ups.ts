/** Texts of follow-ups: messages to those who have not read, or not acknowledged, an earlier one. */
import type { Plural } from "../../common/translate";

export const followUps = {
  follow_up: "Follow-up",
  follow_up_to: "Follow-up to “{title}”, to people who had not read it",
  follow_up_to_unknown: "Follow-up to an earlier message, to people who had not read it",
  follow_up_acknowledge: "Reminder of “{title}”, to people who had not acknowledged it",
  follow_up_acknowledge_unknown: "Reminder of an earlier message, to people who had not acknowledged it",
  follow_up_only_unread: "Only those who had not read the earlier message",
  follow_up_only_not_acknowledged: "Only those who had not acknowledged the earlier message",
  follow_up_part: "Only within what {name} administers",

  follow_up_remind: {
    one: "Remind {count} who has not read it",
    other: "Remind {count} who have not read it",
  } as Plural,
  follow_up_remind_others: "Remind people who have not read it",
  follow_up_none: "Everyone has read it.",
  follow_up_recalled: "It was recalled.",
  follow_up_expired: "It has expired.",
  follow_up_dropped: "It is not known any more who has read it.",
  follow_up_not_counted: "They could not be counted. {reason}",

  follow_up_title: "Reminder: {title}",
  follow_up_recipients: {
    one: "{count} person who has not read “{title}”",
    other: "{count} people who have not read “{title}”",
  } as Plural,
  follow_up_recipients_uncounted: "People who have not read “{title}”",
  follow_up_recipients_unknown: "People who have not read an earlier message",
  follow_up_unacknowledged: {
    one: "{count} person who has not acknowledged “{title}”",
    other: "{count} people who have not acknowledged “{title}”",
  } as Plural,
  follow_up_unacknowledged_uncounted: "People who have not acknowledged “{title}”",
  follow_up_unacknowledged_unknown: "People who have not acknowledged an earlier message",
  follow_up_counted_again: "They are counted again when you send.",
  follow_up_within_reach: "Only those in the organisations and clinics that you administer.",
};
