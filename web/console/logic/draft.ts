/** What is written on the compose page, and how the hub keeps it. Pure. */

import type { Addressed, DraftFields, KeptDraft, NewMessage } from "../../api";
import { type Asked, fromAsked, toAsked } from "./acknowledgement";
import { type Following, following } from "./follow-ups";
import { NO_OPTIONS, type Options, stated } from "./options";
import { fromAudience, NOTHING, type Selection, toAudience } from "./selection";
import { clean, isUnfinished, type TextField } from "./text";

export interface Draft {
  readonly title: string;
  readonly body: string;
  readonly selection: Selection;
  readonly options: Options;
  /** The id of the message whose recipients it goes to, in the place of the selection: those who fit `only`. */
  readonly follows: string | null;
  readonly only: Following["only"];
  /** What recipients are asked to confirm; null: nothing. */
  readonly acknowledgement: Asked | null;
  /** The id of the message that it replaces, and what has changed. */
  readonly supersedes: string | null;
  readonly change_summary: string;
}

export const EMPTY: Draft = {
  ...{ title: "", body: "", selection: NOTHING, options: NO_OPTIONS, follows: null, only: "unread" },
  ...{ acknowledgement: null, supersedes: null, change_summary: "" },
};

/** Whom it goes to, as the hub takes it; null without recipients. */
export function toPeople({ selection, follows, only }: Draft): Addressed | null {
  if (follows !== null) return following(follows, only);
  const audience = toAudience(selection);
  return audience && { audience };
}

/** What is sent; null without recipients. */
export function toMessage(draft: Draft): NewMessage | null {
  const { title, body, options, acknowledgement, supersedes, change_summary } = draft;
  const people = toPeople(draft);
  return (
    people && {
      ...{ title, body, ...people, ...stated(options) },
      ...(acknowledgement && { acknowledgement: toAsked(acknowledgement) }),
      ...(supersedes !== null && { supersedes, change_summary }),
    }
  );
}

/** What the hub keeps of it. A text that the hub will refuse is left as it is. */
export function toFields(draft: Draft): DraftFields {
  const { title, body, options, acknowledgement, supersedes, change_summary } = draft;
  return {
    title: toText("title", title),
    body: toText("body", body),
    ...{ audience: null, follows: null, only: null, ...toPeople(draft) },
    category: options.category,
    priority: options.priority,
    pinned_until: options.pinned_until || null,
    expires_at: options.expires_at || null,
    acknowledgement: acknowledgement && toAsked(acknowledgement),
    supersedes,
    change_summary: supersedes === null ? null : toText("change_summary", change_summary),
  };
}

function toText(field: TextField, text: string): string | null {
  return isUnfinished(field, text) ? null : (clean(field, text) ?? text.trim());
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
    only: kept.only ?? "unread",
    acknowledgement: kept.acknowledgement && fromAsked(kept.acknowledgement),
    supersedes: kept.supersedes,
    change_summary: kept.change_summary ?? "",
  };
}

/** With its texts as the hub stores them. */
export function cleaned(draft: Draft): Draft {
  const text = (field: TextField, written: string) => clean(field, written) ?? written;
  const { title, body, change_summary, acknowledgement } = draft;
  const texts = { title: text("title", title), body: text("body", body) };
  return {
    ...{ ...draft, ...texts, change_summary: text("change_summary", change_summary) },
    acknowledgement: acknowledgement && { ...acknowledgement, statement: text("statement", acknowledgement.statement) },
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
