/** Numbers, audiences and states as people read them. Pure. */

import type { Message } from "../../api";
import { translate } from "../strings";
import type { Directory } from "./directory";

const SHOWN_NAMES = 2;

export function people(count: number): string {
  return translate("people", { count });
}

/** The names of an audience, organisations first; what the viewer may not see is counted by the caller. */
export function audienceNames(audience: Message["audience"], directory: Directory): string[] {
  const organisations = (audience.organisations ?? []).map((id) => directory.organisationName(id));
  const clinics = (audience.clinics ?? []).map((id) => directory.clinicName(id));
  return [...organisations, ...clinics];
}

/** One line: the first names, and how many more there are. */
export function audienceSummary(audience: Message["audience"], directory: Directory): string {
  if (audience.everyone) return translate("everyone");
  const names = audienceNames(audience, directory);
  const hidden = audience.other_scopes ?? 0;
  const shown = names.slice(0, names.length === SHOWN_NAMES + 1 ? names.length : SHOWN_NAMES);
  const more = names.length - shown.length + hidden;
  if (shown.length === 0) return translate("sent_hidden_scopes", { count: more });
  return more > 0 ? translate("sent_and_more", { names: shown.join(", "), count: more }) : shown.join(", ");
}

/** Recipients see a message from the moment it is accepted; what goes on is the recording of deliveries. */
export function status({ status, expired, entries_dropped }: Message): string {
  if (status === "recalled") return translate("sent_status_recalled");
  if (entries_dropped) return translate("sent_status_dropped");
  if (expired) return translate("sent_status_expired");
  return translate(status === "sent" ? "sent_status_sent" : "sent_status_delivering");
}

/** How many people it went to, as far as that is known: one that was recalled at once is never counted. */
export function reached({ recipient_count, status }: Pick<Message, "recipient_count" | "status">): string {
  if (recipient_count !== null) return people(recipient_count);
  return translate(status === "recalled" ? "sent_recalled_uncounted" : "counting");
}

/** How much of the whole, from 0 to 100: never 0 after the first, never 100 before the last. */
export function percent(part: number, whole: number): number {
  if (whole <= 0) return 0;
  if (part <= 0 || part >= whole) return part <= 0 ? 0 : 100;
  return Math.min(99, Math.max(1, Math.round((part / whole) * 100)));
}
