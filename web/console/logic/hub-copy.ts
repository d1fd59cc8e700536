/**
 * What this browser knows of a draft on the hub: its id, its version, and what was sent there since. What the hub lacks of the draft is
 * kept in the browser.
 */
import { hasCode, type KeptDraft } from "../../api";
import type { DraftCalls, Kept } from "../hub-drafts";
import { type Draft, fingerprint, fromKept, toFields } from "./draft";
import { type Edge, type Edges, nameOf } from "./edges";

export class HubCopy {
  readonly calls: DraftCalls;
  /** As the hub has it; null until it has, or while it could not be asked. */
  kept: KeptDraft | null = null;
  readonly #edges: Edges;
  #edge: Omit<Edge, "draft">;
  /** Fingerprints of what was sent to the hub since this version: any of them may have arrived. */
  readonly #sent = new Set<string>();

  /** `edge`: what this browser knows already; null of a draft that is new. `draft`: as it begins. */
  constructor(calls: DraftCalls, edges: Edges, edge: Edge | null, draft: Draft) {
    this.calls = calls;
    this.#edges = edges;
    this.#edge = edge ?? { key: random(), id: null, etag: "", base: fingerprint(draft) };
  }

  /** Names the draft in an address: its id, or its key until it has one. */
  get name(): string {
    return nameOf(this.#edge);
  }

  get id(): string | null {
    return this.#edge.id;
  }

  get etag(): string {
    return this.#edge.etag;
  }

  lacks(draft: Draft): boolean {
    return fingerprint(draft) !== this.#edge.base;
  }

  isAt({ draft, etag }: Kept): boolean {
    return this.kept !== null && this.id === draft.id && this.etag === etag;
  }

  /** Whether this is the version that was changed here, or one that was sent from here. */
  isOwn(print: string): boolean {
    return print === this.#edge.base || this.#sent.has(print);
  }

  /** From now on the hub lacks also what a new draft began with. */
  expectNothing(): void {
    if (this.id === null) this.#edge = { ...this.#edge, base: "" };
  }

  /** One attempt. `isLeaving`: the page is about to go. */
  async save(draft: Draft, isLeaving: boolean): Promise<void> {
    const { id, etag } = this.#edge;
    const fields = toFields(draft);
    const print = JSON.stringify(fields);
    this.#sent.add(print);
    if (id !== null) {
      this.adopt(await this.calls.change(id, fields, etag, isLeaving), print);
      return;
    }
    this.adopt(await this.#create(fields, isLeaving));
    if (this.lacks(draft)) await this.save(draft, isLeaving);
  }

  /** From now on this is the version that is changed. `print`: the fingerprint of its content. */
  adopt(version: Kept, print = fingerprint(fromKept(version.draft))): void {
    this.#edges.remove(this.name);
    this.#sent.clear();
    this.kept = version.draft;
    this.#edge = { ...this.#edge, id: version.draft.id, etag: version.etag, base: print };
  }

  /** Whether the browser has what the hub lacks. */
  keep(draft: Draft): boolean {
    if (this.lacks(draft)) return this.#edges.keep({ ...this.#edge, draft });
    this.#edges.remove(this.name);
    return true;
  }

  /** A new draft, in the place of this one. */
  restart(draft: Draft): HubCopy {
    this.#edges.remove(this.name);
    return new HubCopy(this.calls, this.#edges, null, draft);
  }

  async #create(fields: ReturnType<typeof toFields>, isLeaving: boolean): Promise<Kept> {
    try {
      return await this.calls.create(fields, this.#edge.key, isLeaving);
    } catch (error) {
      // An earlier attempt with other content had arrived, and its answer was lost.
      if (!hasCode(error, "idempotency-key-reused") || !error.messageId) throw error;
      return this.calls.get(error.messageId);
    }
  }
}

/** Also where the page is not served over HTTPS, which has no `randomUUID`. */
function random(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
