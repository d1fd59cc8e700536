/**
 * Keeps in the browser what the hub does not have yet of one user's drafts: from the first letter until the hub has it. Where the
 * storage is denied or full, that is in memory only.
 */
import { readAsked } from "./acknowledgement";
import type { Draft } from "./draft";
import { readOptions } from "./options";

/** The unsaved state of a draft. */
export interface Edge {
  /** The idempotency key under which the hub makes the draft. */
  readonly key: string;
  /** Null until the hub has made it. */
  readonly id: string | null;
  /** The version that was changed, and its fingerprint. */
  readonly etag: string;
  readonly base: string;
  readonly draft: Draft;
}

export class Edges {
  readonly #storage: Storage | null;
  readonly #prefix: string;

  constructor(storage: Storage | null, user: string) {
    this.#storage = storage;
    this.#prefix = `message-hub:draft:${user}:`;
  }

  /** `name`: the draft's id, or its key until it has one. */
  get(name: string): Edge | null {
    return read(attempt(() => this.#storage?.getItem(this.#prefix + name)) ?? null);
  }

  /** Whether the browser has it now. */
  keep(edge: Edge): boolean {
    return (
      attempt(() => {
        this.#storage?.setItem(this.#prefix + nameOf(edge), write(edge));
        return this.#storage !== null;
      }) ?? false
    );
  }

  remove(name: string): void {
    attempt(() => this.#storage?.removeItem(this.#prefix + name));
  }

  /** Newest first. */
  list(): Edge[] {
    const names = attempt(() => Object.keys(this.#storage ?? {})) ?? [];
    const found = names
      .filter((name) => name.startsWith(this.#prefix))
      .map((name) => attempt(() => this.#storage?.getItem(name)) ?? null)
      .map((text) => ({ edge: read(text), changed: readChanged(text) }));
    const edges = found.sort((one, other) => other.changed - one.changed).map(({ edge }) => edge);
    return edges.filter((edge) => edge !== null);
  }
}

export function nameOf({ id, key }: Pick<Edge, "id" | "key">): string {
  return id ?? key;
}

/** Undefined where the browser does not allow it. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function write({ draft, ...edge }: Edge): string {
  const { everyone, organisations, clinics } = draft.selection;
  const selection = { everyone, organisations: [...organisations], clinics: [...clinics] };
  return JSON.stringify({ ...edge, draft: { ...draft, selection }, changed: Date.now() });
}

/** An edge from the storage, where it may have been changed by hand; null if it is none. */
function read(text: string | null): Edge | null {
  const { key, id, etag, base, draft } = parse(text);
  const { title, body, selection, options, follows, only, acknowledgement, supersedes, change_summary } =
    asObject(draft);
  const { everyone, organisations, clinics } = asObject(selection);
  if (typeof key !== "string" || typeof title !== "string" || typeof body !== "string") return null;
  return {
    key,
    id: typeof id === "string" ? id : null,
    etag: String(etag),
    base: String(base),
    draft: {
      title,
      body,
      selection: { everyone: everyone === true, organisations: ids(organisations), clinics: ids(clinics) },
      options: readOptions(options),
      follows: typeof follows === "string" ? follows : null,
      only: only === "not_acknowledged" ? only : "unread",
      acknowledgement: readAsked(acknowledgement),
      supersedes: typeof supersedes === "string" ? supersedes : null,
      change_summary: typeof change_summary === "string" ? change_summary : "",
    },
  };
}

function readChanged(text: string | null): number {
  return Number(parse(text).changed) || 0;
}

function parse(text: string | null): Record<string, unknown> {
  return asObject(attempt(() => JSON.parse(text ?? "null") as unknown));
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function ids(value: unknown): ReadonlySet<string> {
  return new Set(Array.isArray(value) ? value.filter((id) => typeof id === "string") : []);
}
