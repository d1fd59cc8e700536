/** Texts of asking for an acknowledgement, and of replacing a message by a corrected one. */
import type { Plural } from "../../common/translate";

export const acknowledgement = {
  acknowledgement: "Acknowledgement",
  acknowledgement_ask: "Ask for acknowledgement",
  acknowledgement_ask_hint: "Recipients confirm the message. You see who has and who has not.",
  acknowledgement_statement: "Statement",
  acknowledgement_statement_hint: "Recipients confirm this sentence.",
  acknowledgement_statement_default: "I have read and understood this.",
  acknowledgement_due: "Due",
  acknowledgement_due_days: "After some days",
  acknowledgement_due_date: "On a date",
  acknowledgement_due_none: "No due date",
  acknowledgement_days: "Days after it is sent",
  acknowledgement_days_unit: { one: "day after it is sent", other: "days after it is sent" } as Plural,
  acknowledgement_date: "Date and time",
  acknowledgement_days_later: {
    one: "{count} day after it is sent",
    other: "{count} days after it is sent",
  } as Plural,
  acknowledgement_reminders: "Reminders",
  acknowledgement_reminders_hint:
    "Only to people who have not acknowledged. At the due time the administrators of each clinic get a notice with the number that is outstanding.",
  acknowledgement_remind: { one: "{count} day before", other: "{count} days before" } as Plural,
  acknowledgement_remind_due: "When it is due",
  acknowledgement_bad_due: "Choose a time in the next year.",
  acknowledgement_bad_days: "Enter a whole number of days from 1 to {maximum}.",
  acknowledgement_many_reminders: "Choose at most {maximum} reminders.",
  acknowledgement_gone_before: "It would be taken down before it is due. Change one of the two times.",

  correction: "Correct this message",
  correction_of: "Replaces “{title}”",
  correction_of_unknown: "Replaces an earlier message",
  correction_of_draft: "This message replaces “{title}”.",
  correction_of_draft_unknown: "This message replaces an earlier one.",
  correction_effect:
    "The earlier message is marked as replaced and asks for no acknowledgement any more. Acknowledgements of it are kept.",
  correction_summary: "What has changed",
  correction_summary_hint: "Recipients see it above the message.",
  correction_replaced: "Replaced",
  correction_replaced_by: "Replaced by “{title}” on {date}.",
  correction_replaced_by_unknown: "Replaced by a newer message on {date}.",
  correction_replaced_effect: "It asks for no acknowledgement any more. Acknowledgements until then are kept.",
};
