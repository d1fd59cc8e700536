/** What is written on the compose page, and how the hub keeps it. Pure. */

import type { Addressed, DraftFields, KeptDraft, NewMessage } from "../../api";
import { following } from "./follow-ups";
import { NO_OPTIONS, type Options, stated } from "./options";
import { fromAudience, NOTHING, type Selection, toAudience } from "./selection";
import { clean } from "./text";

export interface Draft {
  readonly title: string;
  readonly body: string;
  readonly selection: Selection;
  readonly options: Options;
  /** The id of the message whose unread recipients it goes to, in the place of the selection. */
  readonly follows: string | null;
}

export const EMPTY: Draft = { title: "", body: "", selection: NOTHING, options: NO_OPTIONS, follows: null };

/** Whom it goes to, as the hub takes it; null without recipients. */
export function toPeople({ selection, follows }: Draft): Addressed | null {
  if (follows !== null) return following(follows);
  const audience = toAudience(selection);
  return audience && { audience };
}

/** What is sent; null without recipients. */
export function toMessage(draft: Draft): NewMessage | null {
  const { title, body, options } = draft;
  const people = toPeople(draft);
  return people && { title, body, ...people, ...stated(options) };
}

/** What the hub keeps of it. A text that the hub will refuse is left as it is. */
export function toFields(draft: Draft): DraftFields {
  const { title, body, options } = draft;
  return {
    title: (clean("title", title) ?? title.trim()) || null,
    body: (clean("body", body) ?? body.trim()) || null,
    ...{ audience: null, follows: null, only: null, ...toPeople(draft) },
    category: options.category,
    priority: options.priority,
    pinned_until: options.pinned_until || null,
    expires_at: options.expires_at || null,
  };
}

export function fromKept(kept: KeptDraft): Draft {
  return {
    title: kept.title ?? "",
    body: kept.body ?? "",
    selection: kept.audience ? fromAudience(kept.audience) : NOTHING,
    options: {
      category: kept.category,
      priority: kept.priority ?? "normal",
      pinned_until: readTime(kept.pinned_until),
      expires_at: readTime(kept.expires_at),
    },
    follows: kept.follows,
  };
}

/** Equal for drafts that the hub keeps alike. */
export function fingerprint(draft: Draft): string {
  return JSON.stringify(toFields(draft));
}

/** Whether it has a title or a body. */
export function hasText({ title, body }: Pick<Draft, "title" | "body">): boolean {
  return title.trim() !== "" || body.trim() !== "";
}

/** As the page writes times. */
function readTime(iso: string | null): string | null {
  return iso && new Date(iso).toISOString();
}
