/**
 * A message that is being written. It has its id and its idempotency key from the beginning, so that it becomes one message at most,
 * also when it is sent from several tabs, after a reload, or changed after an attempt that got no answer. Pure.
 */

import type { NewMessage } from "../../api";
import { hasOptions, NO_OPTIONS, type Options, stated } from "./options";
import { NOTHING, type Selection, toAudience } from "./selection";

export interface Draft {
  /** Names it in this browser. */
  readonly id: string;
  /** The idempotency key under which it is sent. */
  readonly key: string;
  readonly title: string;
  readonly body: string;
  readonly selection: Selection;
  readonly options: Options;
  /** The request of an attempt that got no answer, as text: it may or may not have arrived. */
  readonly unanswered: string | null;
}

export function newDraft(): Draft {
  return {
    id: random(),
    key: random(),
    title: "",
    body: "",
    selection: NOTHING,
    options: NO_OPTIONS,
    unanswered: null,
  };
}

/** What is sent; null without recipients. */
export function toMessage({ title, body, selection, options }: Draft): NewMessage | null {
  const audience = toAudience(selection);
  return audience && { title, body, audience, ...stated(options) };
}

/** Whether it has a title or a body. */
export function hasText(draft: Draft): boolean {
  return draft.title.trim() !== "" || draft.body.trim() !== "";
}

export function isEmpty({ title, body, selection, options }: Draft): boolean {
  const { everyone, organisations, clinics } = selection;
  return title === "" && body === "" && !everyone && organisations.size + clinics.size === 0 && !hasOptions(options);
}

/** The draft while `message` is on its way. */
export function withAttempt(draft: Draft, message: NewMessage): Draft {
  return { ...draft, unanswered: JSON.stringify(message) };
}

/** The hub refused it, so it did not arrive. Its key is kept, unless another message arrived under it. */
export function withRefusal(draft: Draft, code: string): Draft {
  return { ...draft, unanswered: null, key: code === "idempotency-key-reused" ? random() : draft.key };
}

/** Whether an attempt with other content may have arrived. */
export function mayDiffer(draft: Draft, message: NewMessage | null): boolean {
  return draft.unanswered !== null && message !== null && draft.unanswered !== JSON.stringify(message);
}

/** Also where the page is not served over HTTPS, which has no `randomUUID`. */
function random(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
