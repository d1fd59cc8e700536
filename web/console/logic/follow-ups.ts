/** Follow-ups: messages to those who have not read, or not acknowledged, an earlier one. Pure. */
import type { Message, NewMessage } from "../../api";
import { translate } from "../strings";
import type { Draft } from "./draft";
import { copied } from "./options";
import { textError } from "./text";

/** What a request has in the place of an audience. */
export type Following = Readonly<Required<Pick<NewMessage, "follows" | "only">>>;

export function following(id: string, only: Following["only"] = "unread"): Following {
  return { follows: id, only };
}

/** What a follow-up of a message begins with. */
export function followUpOf(message: Message): Pick<Draft, "title" | "body" | "options" | "follows"> {
  const { id, title, body } = message;
  return { title: reminderTitle(title), body, options: copied(message), follows: id };
}

/** The sentence that says of a follow-up which message it follows. */
export function followUpSentence({ only }: Pick<Message, "only">) {
  return only === "not_acknowledged" ? "follow_up_acknowledge" : "follow_up_to";
}

/** That of the earlier message, marked where there is room for it. */
export function reminderTitle(title: string): string {
  const marked = translate("follow_up_title", { title });
  return textError("title", marked) === null ? marked : title;
}

/** Why people cannot be reminded of a message; null where they can. */
export function reasonAgainst({ status, expired, entries_dropped }: Message): string | null {
  if (status === "recalled") return translate("follow_up_recalled");
  if (entries_dropped) return translate("follow_up_dropped");
  return expired ? translate("follow_up_expired") : null;
}
