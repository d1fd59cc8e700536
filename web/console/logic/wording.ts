/** Numbers, audiences and states as people read them. Pure. */

import type { Message } from "../../api";
import { LOCALE, translate } from "../strings";
import type { Directory } from "./directory";

const NUMBERS = new Intl.NumberFormat(LOCALE);
const SHOWN_NAMES = 2;

export function number(count: number): string {
  return NUMBERS.format(count);
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

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
  if (audience.everyone) return "Everyone on the platform";
  const names = audienceNames(audience, directory);
  const hidden = audience.other_scopes ?? 0;
  const shown = names.slice(0, names.length === SHOWN_NAMES + 1 ? names.length : SHOWN_NAMES);
  const more = names.length - shown.length + hidden;
  if (shown.length === 0) return counted(more, "organisation or clinic", "organisations or clinics");
  return more > 0 ? `${shown.join(", ")} and ${number(more)} more` : shown.join(", ");
}

const STATUS: Record<Message["status"], string> = {
  queued: "Queued",
  sending: "Sending",
  sent: "Sent",
  recalled: "Recalled",
};

export function status(message: Message): string {
  return STATUS[message.status];
}

/** How many people it went to, as far as that is known: one that was recalled at once is never counted. */
export function reached({ recipient_count, status }: Pick<Message, "recipient_count" | "status">): string {
  if (recipient_count !== null) return people(recipient_count);
  return status === "recalled" ? "Recalled before it was counted" : "Counting people…";
}

/** How much of the whole, from 0 to 100, never 100 before all of it. */
export function percent(part: number, whole: number): number {
  if (whole <= 0) return 0;
  return part >= whole ? 100 : Math.min(99, Math.round((part / whole) * 100));
}
