/**
 * The draft that a page has open. The hub keeps it: what is changed is saved some seconds after the last change (autosave.ts). Until the
 * hub has it, the browser keeps the difference (hub-copy.ts). A draft that was changed elsewhere meanwhile is never overwritten without
 * asking.
 */
import { hasCode, type KeptDraft, type Message, Problem, type Schedule } from "../../api";
import type { DraftState, Kept } from "../hub-drafts";
import { Autosave } from "./autosave";
import { type Draft, fingerprint, fromKept } from "./draft";
import type { HubCopy } from "./hub-copy";

/** What became of the draft elsewhere. `changed`: this is the newest version now. */
export type Elsewhere = { is: "sent"; id: string } | { is: "changed" } | { is: "deleted" };

export class OpenDraft {
  draft: Draft;
  /** Why the newest changes are not saved. */
  error: unknown = null;
  /** Whether the browser has them. */
  isInBrowser = true;
  /** Another version than the one that was changed here. */
  conflict: Kept | null = null;
  elsewhere: Elsewhere | null = null;
  readonly #empty: Draft;
  readonly #changed: (opened: OpenDraft) => void;
  readonly #saving = new Autosave(
    (isLeaving) => this.#save(isLeaving),
    () => this.isDirty && this.#isAutomatic && !this.conflict,
  );
  #copy: HubCopy;

  /** `empty`: what follows once it was sent or deleted. `changed` is called after every change of what can be seen here. */
  constructor(copy: HubCopy, draft: Draft, empty: Draft, changed: (opened: OpenDraft) => void) {
    this.#copy = copy;
    this.draft = draft;
    this.#empty = empty;
    this.#changed = changed;
  }

  /** Names it in the address. */
  get name(): string {
    return this.#copy.name;
  }

  /** Null until the hub has it. */
  get id(): string | null {
    return this.#copy.id;
  }

  /** As the hub has it; null until it has, or while it could not be asked. */
  get kept(): KeptDraft | null {
    return this.#copy.kept;
  }

  get state(): DraftState {
    return this.kept?.state ?? "draft";
  }

  get isDirty(): boolean {
    return this.#copy.lacks(this.draft);
  }

  /** A scheduled message may be released at any moment: it is changed when its author says so. */
  get #isAutomatic(): boolean {
    return this.state !== "scheduled";
  }

  /** Keeps what was written, and saves it after a while. */
  change(draft: Draft): void {
    this.draft = draft;
    if (this.elsewhere?.is === "changed") this.elsewhere = null;
    this.isInBrowser = this.#copy.keep(draft);
    this.#saving.later();
    this.#changed(this);
  }

  /** The version of the hub: read when the draft was opened, and now and then. */
  meet(version: Kept): void {
    if (this.#copy.isAt(version)) return;
    if (version.draft.state === "released") {
      this.#leave({ is: "sent", id: version.draft.id });
      return;
    }
    const theirs = fromKept(version.draft);
    const print = fingerprint(theirs);
    const isSame = print === fingerprint(this.draft);
    if (this.isDirty && !isSame && !this.#copy.isOwn(print)) {
      this.conflict = version;
    } else {
      if (!this.isDirty && !isSame) {
        if (this.kept) this.elsewhere = { is: "changed" };
        this.draft = theirs;
      }
      this.#adopt(version);
    }
    this.#changed(this);
  }

  /** Asks the hub for its version, unless something waits to be saved, which will show the same. */
  async refresh(): Promise<void> {
    const { id } = this;
    if (id === null || this.conflict || this.#saving.isRunning) return;
    if (this.isDirty && this.#isAutomatic) return;
    try {
      const version = await this.#copy.calls.get(id);
      if (this.id === id && !this.#saving.isRunning) this.meet(version);
    } catch (error) {
      if (!hasCode(error, "not-found") || this.id !== id) throw error;
      this.#leave({ is: "deleted" });
    }
  }

  /** Ends a conflict: the changes made here are saved over the others. */
  async keepMine(): Promise<void> {
    if (this.conflict) this.#adopt(this.conflict);
    await this.save();
  }

  /** Ends a conflict: the changes made here are dropped. */
  takeTheirs(): void {
    if (!this.conflict) return;
    this.draft = fromKept(this.conflict.draft);
    this.#adopt(this.conflict);
    this.#changed(this);
  }

  /** Saves what is changed now; `error` and `conflict` say why it was not. */
  save(): Promise<void> {
    return this.#saving.now();
  }

  /** Saves now what waits to be saved. */
  saveWaiting(): void {
    this.#saving.later(0);
  }

  /** Sends what is written, as one attempt; may be repeated. Throws what stands against it. */
  async send(): Promise<Message> {
    const { calls } = this.#copy;
    try {
      return await this.#act((id, etag) => calls.send(id, etag));
    } catch (error) {
      if (this.id === null || !hasCode(error, "already-released")) throw error;
      return calls.getMessage(this.id);
    }
  }

  /** Saves it and has it sent at a time. Throws what stands against it. */
  async schedule(schedule: Schedule): Promise<void> {
    this.meet(await this.#act((id, etag) => this.#copy.calls.schedule(id, schedule, etag)));
  }

  /** Makes a scheduled draft a draft again; what was changed here stays. */
  async unschedule(): Promise<void> {
    if (this.id === null) return;
    this.meet(await this.#copy.calls.unschedule(this.id));
    this.saveWaiting();
  }

  /** Deletes it, here and on the hub. */
  async remove(): Promise<void> {
    await this.#saving.stop();
    if (this.id !== null) {
      await this.#copy.calls.remove(this.id).catch((error: unknown) => {
        if (!hasCode(error, "not-found")) throw error;
      });
    }
    this.#restart(this.#empty);
  }

  /** The page is closed: what is not saved yet is saved now. `isLeaving`: the browser leaves it. */
  async close(isLeaving = false): Promise<void> {
    if (this.#isAutomatic) await this.#saving.now(isLeaving);
    await this.#saving.stop();
  }

  /** Saves, then does this with the version that is shown; once more where only the draft's state had changed. */
  async #act<T>(act: (id: string, etag: string) => Promise<T>): Promise<T> {
    const { elsewhere } = this;
    const stands = () => this.isDirty || this.conflict || this.elsewhere !== elsewhere;
    // What it began with is saved too, also where nothing was changed.
    this.#copy.expectNothing();
    await this.save();
    const { id } = this;
    if (id === null || stands()) throw this.error ?? changedElsewhere();
    try {
      return await act(id, this.#copy.etag);
    } catch (error) {
      if (!hasCode(error, "version-mismatch")) throw error;
      this.meet(await this.#copy.calls.get(id));
      if (stands()) throw error;
      return act(id, this.#copy.etag);
    }
  }

  /** Saves what is changed, if anything is. Resolves with why it was not saved; null also for a conflict. */
  async #save(isLeaving: boolean): Promise<unknown> {
    while (this.isDirty && !this.conflict) {
      try {
        await this.#copy.save(this.draft, isLeaving);
        this.#settle();
        this.#changed(this);
        return null;
      } catch (error) {
        const reason = await this.#recover(error);
        if (reason !== null) return this.#fail(reason);
      }
    }
    return null;
  }

  /** Null where this error has shown what became of the draft elsewhere; else why it cannot be saved. */
  async #recover(error: unknown): Promise<unknown> {
    const { id } = this;
    if (id === null) return error;
    try {
      if (hasCode(error, "not-found")) this.#leave({ is: "deleted" });
      else if (hasCode(error, "version-mismatch") || hasCode(error, "already-released"))
        this.meet(await this.#copy.calls.get(id));
      else return error;
      return null;
    } catch (another) {
      return another;
    }
  }

  #fail(error: unknown): unknown {
    this.error = error;
    this.isInBrowser = this.#copy.keep(this.draft);
    this.#changed(this);
    return error;
  }

  #adopt(version: Kept): void {
    this.#copy.adopt(version);
    this.#settle();
  }

  #settle(): void {
    this.conflict = this.error = null;
    this.#copy.keep(this.draft);
  }

  /** It was sent or deleted elsewhere. What was changed here since then becomes a new draft. */
  #leave(elsewhere: Elsewhere): void {
    const { draft, isDirty } = this;
    this.#restart(isDirty ? draft : this.#empty);
    this.elsewhere = elsewhere;
    if (isDirty) {
      this.#copy.keep(draft);
      this.#saving.later();
    }
    this.#changed(this);
  }

  #restart(draft: Draft): void {
    this.#copy = this.#copy.restart(this.#empty);
    this.draft = draft;
    this.conflict = this.elsewhere = this.error = null;
  }
}

function changedElsewhere(): Problem {
  return new Problem(412, "version-mismatch", "The draft was changed meanwhile.");
}
