/**
 * The draft that a page has open. The hub keeps it: what is changed is saved some seconds after the last change. Until the hub has
 * it, the browser keeps the difference. A draft that was changed elsewhere meanwhile is never overwritten without asking.
 */
import { type Message, Problem, type Schedule } from "../../api";
import type { DraftCalls, DraftState, Kept } from "../hub-drafts";
import { type Draft, fingerprint, fromKept, toFields } from "./draft";
import { type Edge, type Edges, nameOf } from "./edges";

const SAVE_AFTER_MS = 2_000;
const RETRY_AFTER_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;

/** What became of the draft elsewhere. `changed`: this is the newest version now. */
export type Elsewhere = { is: "sent"; id: string } | { is: "changed" } | { is: "deleted" };

export class OpenDraft {
  draft: Draft;
  /** As the hub has it; null until it has, or while it could not be asked. */
  kept: Kept["draft"] | null = null;
  isSaving = false;
  /** Why the newest changes are not saved. */
  error: unknown = null;
  /** Whether the browser has them. */
  isInBrowser = true;
  /** Another version than the one that was changed here. */
  conflict: Kept | null = null;
  elsewhere: Elsewhere | null = null;
  readonly #calls: DraftCalls;
  readonly #edges: Edges;
  readonly #beginning: Draft;
  readonly #changed: (opened: OpenDraft) => void;
  #edge: Omit<Edge, "draft">;
  /** Fingerprints of what went to the hub since its version was read: any of them may have arrived. */
  readonly #sent = new Set<string>();
  #running: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  /** `edge`: what was not saved before. `changed` is called after every change of what can be seen here. */
  constructor(
    calls: DraftCalls,
    edges: Edges,
    beginning: Draft,
    edge: Edge | null,
    changed: (opened: OpenDraft) => void,
  ) {
    this.#calls = calls;
    this.#edges = edges;
    this.#beginning = beginning;
    this.#changed = changed;
    this.draft = edge?.draft ?? beginning;
    this.#edge = edge ?? newEdge(fingerprint(beginning));
  }

  /** Names it in the address: its id, or its key until it has one. */
  get name(): string {
    return nameOf(this.#edge);
  }

  get id(): string | null {
    return this.#edge.id;
  }

  get state(): DraftState {
    return this.kept?.state ?? "draft";
  }

  get isDirty(): boolean {
    return fingerprint(this.draft) !== this.#edge.base;
  }

  /** A scheduled message may be released at any moment: it is changed when its author says so. */
  get #isAutomatic(): boolean {
    return this.state !== "scheduled";
  }

  /** Keeps what was written, and saves it after a while. */
  change(draft: Draft): void {
    this.draft = draft;
    if (this.elsewhere?.is === "changed") this.elsewhere = null;
    this.isInBrowser = this.#keepEdge();
    this.#saveLater(SAVE_AFTER_MS);
    this.#changed(this);
  }

  /** The version of the hub: read when the draft was opened, and now and then. */
  meet(kept: Kept): void {
    const { draft: theirs, etag } = kept;
    if (this.id === theirs.id && this.#edge.etag === etag && this.kept) return;
    if (theirs.state === "released") {
      this.#leave({ is: "sent", id: theirs.id });
      return;
    }
    const content = fromKept(theirs);
    const base = fingerprint(content);
    const isOther = ![this.#edge.base, ...this.#sent, fingerprint(this.draft)].includes(base);
    if (this.isDirty && isOther) {
      this.conflict = kept;
    } else {
      if (!this.isDirty && base !== fingerprint(this.draft)) {
        if (this.kept) this.elsewhere = { is: "changed" };
        this.draft = content;
      }
      this.#adopt(kept, base);
    }
    this.#changed(this);
  }

  /** Asks the hub for its version, unless something waits to be saved, which will show the same. */
  async refresh(): Promise<void> {
    const { id } = this;
    if (id === null || this.conflict || this.#running) return;
    if (this.isDirty && this.#isAutomatic) return;
    try {
      const kept = await this.#calls.get(id);
      if (this.id === id && !this.#running) this.meet(kept);
    } catch (error) {
      if (!isMissing(error) || this.id !== id) throw error;
      this.#leave({ is: "deleted" });
    }
  }

  /** Ends a conflict: the changes made here are saved over the others. */
  async keepMine(): Promise<void> {
    if (this.conflict) this.#adopt(this.conflict, fingerprint(fromKept(this.conflict.draft)));
    await this.save();
  }

  /** Ends a conflict: the changes made here are dropped. */
  takeTheirs(): void {
    if (!this.conflict) return;
    this.draft = fromKept(this.conflict.draft);
    this.#adopt(this.conflict, fingerprint(this.draft));
    this.#changed(this);
  }

  /** Saves what is changed now; `error` and `conflict` say why it was not. `isLeaving`: the page is about to go. */
  async save(isLeaving = false): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#running) await this.#running;
    if (!this.isDirty || this.conflict) return;
    this.#running = this.#trySaving(isLeaving).finally(() => {
      this.#running = null;
      this.isSaving = false;
      this.#changed(this);
    });
    await this.#running;
  }

  /** Saves now what waits to be saved. */
  saveWaiting(): void {
    this.#saveLater(0);
  }

  /** Sends what is written, as one attempt; may be repeated. Throws what stands against it. */
  async send(): Promise<Message> {
    const { elsewhere } = this;
    // What it began with is sent too, also where nothing was changed.
    if (this.id === null) this.#edge = { ...this.#edge, base: "" };
    const stands = () => this.isDirty || this.conflict || this.elsewhere !== elsewhere;
    await this.save();
    const { id } = this;
    if (id === null || stands()) throw this.error ?? changedElsewhere();
    try {
      return await this.#calls.send(id, this.#edge.etag);
    } catch (error) {
      if (hasCode(error, "already-released")) return this.#calls.getMessage(id);
      if (!hasCode(error, "version-mismatch")) throw error;
      this.meet(await this.#calls.get(id));
      if (stands()) throw error;
      return this.#calls.send(id, this.#edge.etag);
    }
  }

  /** Saves it and has it sent at a time. Throws what stands against it. */
  async schedule(schedule: Schedule): Promise<void> {
    await this.save();
    const { id } = this;
    if (id === null || this.isDirty || this.conflict) throw this.error ?? changedElsewhere();
    this.#settle(id, await this.#calls.schedule(id, schedule, this.#edge.etag));
  }

  /** Makes a scheduled draft a draft again; what was changed here stays. */
  async unschedule(): Promise<void> {
    const { id } = this;
    if (id !== null) this.#settle(id, await this.#calls.unschedule(id));
  }

  #settle(id: string, kept: Kept): void {
    if (this.id !== id) return;
    this.meet(kept);
    this.#saveLater(0);
  }

  /** Deletes it, here and on the hub. What follows is a new draft. */
  async remove(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
    if (this.id !== null) {
      try {
        await this.#calls.remove(this.id);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    this.#reset();
    this.#changed(this);
  }

  /** The page is closed: what is not saved yet is saved now. */
  async close(isLeaving = false): Promise<void> {
    clearTimeout(this.#timer);
    if (this.isDirty && this.#isAutomatic && !this.conflict) await this.save(isLeaving);
    clearTimeout(this.#timer);
  }

  async #trySaving(isLeaving: boolean): Promise<void> {
    this.isSaving = true;
    this.#changed(this);
    do {
      try {
        return await this.#saveOnce(isLeaving);
      } catch (error) {
        if (!(await this.#recover(error))) return;
      }
    } while (this.isDirty && !this.conflict);
  }

  async #saveOnce(isLeaving: boolean): Promise<void> {
    const { id, key, etag } = this.#edge;
    const fields = toFields(this.draft);
    const sent = JSON.stringify(fields);
    this.#sent.add(sent);
    if (id !== null) this.#adopt(await this.#calls.change(id, fields, etag, isLeaving), sent);
    else {
      const kept = await this.#calls.create(fields, key, isLeaving);
      const base = fingerprint(fromKept(kept.draft));
      this.#adopt(kept, base);
      // An earlier attempt with other content had arrived.
      if (base !== sent) await this.#saveOnce(isLeaving);
    }
    this.#failures = 0;
  }

  /** Whether to go on saving after this error. */
  async #recover(error: unknown): Promise<boolean> {
    const { id } = this;
    try {
      if (id !== null && (hasCode(error, "version-mismatch") || hasCode(error, "already-released"))) {
        this.meet(await this.#calls.get(id));
        return true;
      }
      if (id !== null && isMissing(error)) {
        this.#leave({ is: "deleted" });
        return true;
      }
    } catch (another) {
      return this.#fail(another);
    }
    return this.#fail(error);
  }

  #fail(error: unknown): false {
    this.error = error;
    this.isInBrowser = this.#keepEdge();
    if (error instanceof Problem && error.isPassing) {
      const pause = Math.min(RETRY_AFTER_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
      this.#failures += 1;
      this.#saveLater(Math.max(pause, error.retryAfterMs ?? 0));
    }
    return false;
  }

  #saveLater(ms: number): void {
    clearTimeout(this.#timer);
    if (this.isDirty && this.#isAutomatic && !this.conflict) this.#timer = setTimeout(() => void this.save(), ms);
  }

  #adopt({ draft, etag }: Kept, base: string): void {
    this.#edges.remove(this.name);
    this.#sent.clear();
    this.kept = draft;
    this.conflict = this.error = null;
    this.#edge = { ...this.#edge, id: draft.id, etag, base };
    this.#keepEdge();
  }

  /** It was sent or deleted elsewhere. What was changed here since then becomes a new draft. */
  #leave(elsewhere: Elsewhere): void {
    const { draft, isDirty } = this;
    this.#reset();
    this.elsewhere = elsewhere;
    if (isDirty) {
      this.draft = draft;
      this.#keepEdge();
      this.#saveLater(SAVE_AFTER_MS);
    }
    this.#changed(this);
  }

  #reset(): void {
    this.#edges.remove(this.name);
    this.draft = this.#beginning;
    this.kept = null;
    this.conflict = null;
    this.elsewhere = null;
    this.error = null;
    this.#edge = newEdge(fingerprint(this.#beginning));
    this.#sent.clear();
  }

  /** Whether the browser has what the hub lacks. */
  #keepEdge(): boolean {
    if (this.isDirty) return this.#edges.keep({ ...this.#edge, draft: this.draft });
    this.#edges.remove(this.name);
    return true;
  }
}

function newEdge(base: string): Omit<Edge, "draft"> {
  return { key: random(), id: null, etag: "", base };
}

function changedElsewhere(): Problem {
  return new Problem(412, "version-mismatch", "The draft was changed meanwhile.");
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Problem && error.code === code;
}

function isMissing(error: unknown): boolean {
  return hasCode(error, "not-found");
}

/** Also where the page is not served over HTTPS, which has no `randomUUID`. */
function random(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
