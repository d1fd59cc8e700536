/** One user's drafts: opens them, and knows which changes are still on their way to the hub. */
import { Problem } from "../../api";
import type { DraftCalls } from "../hub-drafts";
import type { Draft } from "./draft";
import { type Edge, Edges } from "./edges";
import { HubCopy } from "./hub-copy";
import { OpenDraft } from "./open-draft";

/** As opposed to the id of a draft that the hub has. */
const KEY = /^[0-9a-f]{32}$/;
/** How long signing out waits for what is being saved. What is not saved stays in the browser. */
const SETTLE_MS = 3_000;

export class Drafts {
  readonly calls: DraftCalls;
  readonly #edges: Edges;
  #open: OpenDraft | null = null;
  #closing: Promise<unknown> = Promise.resolve();
  #turn = 0;

  constructor(calls: DraftCalls, storage: Storage | null, user: string) {
    this.calls = calls;
    this.#edges = new Edges(storage, user);
  }

  /**
   * The draft of this name, or a new one with the content of `beginning`; null if another was opened or closed meanwhile. Throws where
   * it can be found neither on the hub nor in this browser. `empty`: what is to be written once it was sent or deleted elsewhere.
   */
  async open(
    name: string | null,
    { beginning, empty }: { beginning: Draft; empty: Draft },
    changed: (opened: OpenDraft) => void,
  ): Promise<OpenDraft | null> {
    const closing = this.close();
    const turn = this.#turn;
    if (name !== null) await closing;
    const edge = name === null ? null : this.#edges.get(name);
    const copy = new HubCopy(this.calls, this.#edges, edge, beginning);
    const draft = new OpenDraft(copy, edge?.draft ?? beginning, empty, changed);
    if (name !== null && !KEY.test(name)) {
      try {
        draft.meet(await this.calls.get(name));
      } catch (error) {
        if (edge === null || !(error instanceof Problem && error.isPassing)) throw error;
        draft.error = error;
      }
    }
    if (turn !== this.#turn) return null;
    this.#open = draft;
    window.addEventListener("online", this.#save);
    window.addEventListener("pagehide", this.#leave);
    document.addEventListener("visibilitychange", this.#leave);
    return draft;
  }

  /** Saves what is open, as its page is left. Resolves once all that was left is saved, or is not for now. */
  close(): Promise<unknown> {
    const draft = this.#open;
    this.#open = null;
    this.#turn += 1;
    window.removeEventListener("online", this.#save);
    window.removeEventListener("pagehide", this.#leave);
    document.removeEventListener("visibilitychange", this.#leave);
    this.#closing = Promise.all([this.#closing, draft?.close()]);
    return this.#closing;
  }

  /** Closes, and waits until it is saved, but not for long. */
  async settle(): Promise<void> {
    const late = new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await Promise.race([this.close(), late]);
  }

  /** Those that only this browser has, newest first. */
  listUnsaved(): Edge[] {
    return this.#edges.list().filter(({ id }) => id === null);
  }

  /** Deletes a draft on the hub, or in this browser where only that has it. */
  async remove(name: string): Promise<void> {
    if (!KEY.test(name)) await this.calls.remove(name);
    this.#edges.remove(name);
  }

  readonly #save = () => this.#open?.saveWaiting();
  readonly #leave = (event: Event) => {
    if (event.type === "pagehide" || document.hidden) void this.#open?.close(true);
  };
}
