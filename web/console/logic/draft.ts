/**
 * A message that is being written, kept in the browser until it is sent or thrown away. One per user.
 *
 * The draft carries the idempotency key of its last attempt together with what was sent under it. The same content goes out
 * under the same key, however often and after however many reloads; other content gets a key of its own.
 */

import type { NewMessage } from "../../api";
import { NOTHING, type Selection } from "./selection";

export interface Attempt {
  readonly key: string;
  /** The request it was made for, as text. */
  readonly request: string;
  /** Nobody answered: it may or may not have arrived. */
  readonly isOpen: boolean;
}

export interface Draft {
  readonly title: string;
  readonly body: string;
  readonly selection: Selection;
  readonly attempt: Attempt | null;
}

export const EMPTY: Draft = { title: "", body: "", selection: NOTHING, attempt: null };

/** Whether somebody would miss it. */
export function hasText(draft: Draft): boolean {
  return draft.title.trim() !== "" || draft.body.trim() !== "";
}

/** The draft with the attempt under which `message` is to be sent: the earlier one where it asks for the same. */
export function withAttempt(draft: Draft, message: NewMessage, newKey: () => string): Draft & { attempt: Attempt } {
  const request = JSON.stringify(message);
  const key = draft.attempt?.request === request ? draft.attempt.key : newKey();
  return { ...draft, attempt: { key, request, isOpen: true } };
}

/** The hub refused it, so it did not arrive. Its key is kept, unless that was what the hub refused. */
export function withRefusal(draft: Draft, code: string): Draft {
  if (draft.attempt === null || code === "idempotency-key-reused") return { ...draft, attempt: null };
  return { ...draft, attempt: { ...draft.attempt, isOpen: false } };
}

/** Whether an earlier attempt with other content may have arrived: sending now could make a second message. */
export function mayDuplicate(draft: Draft, message: NewMessage | null): boolean {
  return draft.attempt?.isOpen === true && message !== null && draft.attempt.request !== JSON.stringify(message);
}

/** Keeps drafts in the browser's storage; where that is closed or full, in memory only. */
export class DraftStore {
  readonly #storage: Storage | null;
  readonly #name: string;

  constructor(storage: Storage | null, user: string) {
    this.#storage = storage;
    this.#name = `message-hub:draft:${user}`;
  }

  load(): Draft {
    try {
      return read(JSON.parse(this.#storage?.getItem(this.#name) ?? "null"));
    } catch {
      return EMPTY;
    }
  }

  /** Whether it is kept now. */
  save(draft: Draft): boolean {
    if (isEmpty(draft)) {
      this.clear();
      return true;
    }
    try {
      this.#storage?.setItem(this.#name, JSON.stringify(write(draft)));
      return this.#storage !== null;
    } catch {
      return false;
    }
  }

  clear(): void {
    try {
      this.#storage?.removeItem(this.#name);
    } catch {
      // A storage that may not be used holds nothing.
    }
  }
}

function isEmpty(draft: Draft): boolean {
  const { everyone, organisations, clinics } = draft.selection;
  return draft.title === "" && draft.body === "" && !everyone && organisations.size + clinics.size === 0;
}

function write({ title, body, selection, attempt }: Draft): unknown {
  const { everyone, organisations, clinics } = selection;
  return { title, body, attempt, everyone, organisations: [...organisations], clinics: [...clinics] };
}

/** A draft from whatever stands in the storage: an earlier release, or somebody by hand, may have written it. */
function read(value: unknown): Draft {
  if (typeof value !== "object" || value === null) return EMPTY;
  const kept = value as Record<string, unknown>;
  return {
    title: text(kept.title),
    body: text(kept.body),
    selection: { everyone: kept.everyone === true, organisations: ids(kept.organisations), clinics: ids(kept.clinics) },
    attempt: readAttempt(kept.attempt),
  };
}

function readAttempt(value: unknown): Attempt | null {
  if (typeof value !== "object" || value === null) return null;
  const { key, request, isOpen } = value as Record<string, unknown>;
  return typeof key === "string" && typeof request === "string" ? { key, request, isOpen: isOpen === true } : null;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function ids(value: unknown): ReadonlySet<string> {
  return new Set(Array.isArray(value) ? value.filter((id) => typeof id === "string") : []);
}
