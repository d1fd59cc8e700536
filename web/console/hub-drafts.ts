/** The calls for drafts. A draft and its version, its ETag, go together: a change names the version that it changes. */
import type { Client, ComposePaths, DraftFields, KeptDraft, Message, Schedule } from "../api";

export interface Kept {
  readonly draft: KeptDraft;
  readonly etag: string;
}

export type DraftState = KeptDraft["state"];

type Page = { data: KeptDraft[]; next_cursor: string | null };

const LONGEST_PAGE = 100;
/** The largest body that a browser sends on after its page was left. */
const KEEPALIVE_LIMIT = 60_000;

export class DraftCalls {
  readonly #compose: Client<ComposePaths>;
  /** The message that became of a draft. */
  readonly getMessage: (id: string) => Promise<Message>;

  constructor(compose: Client<ComposePaths>, getMessage: (id: string) => Promise<Message>) {
    this.#compose = compose;
    this.getMessage = getMessage;
  }

  /** The first of these states (scheduled ones: the next to be sent; else the newest): so many of each, or all; and whether there are more. */
  async list(states: readonly DraftState[], wanted = LONGEST_PAGE): Promise<{ drafts: KeptDraft[]; hasMore: boolean }> {
    const lists = await Promise.all(states.map((state) => this.#list(state, wanted)));
    return { drafts: lists.flatMap(({ drafts }) => drafts), hasMore: lists.some(({ hasMore }) => hasMore) };
  }

  async #list(state: DraftState, wanted: number): Promise<{ drafts: KeptDraft[]; hasMore: boolean }> {
    const drafts: KeptDraft[] = [];
    let after: string | null = null;
    do {
      const page: Page = await this.#getPage(state, after);
      drafts.push(...page.data);
      after = page.next_cursor;
    } while (after !== null && drafts.length < wanted);
    return { drafts, hasMore: after !== null };
  }

  async #getPage(state: DraftState, after: string | null): Promise<Page> {
    const query = { limit: LONGEST_PAGE, state, ...(after ? { after } : {}) };
    return (await this.#compose.call("get", "/v1/drafts", { query })).data;
  }

  async get(id: string): Promise<Kept> {
    return kept(await this.#compose.call("get", "/v1/drafts/{draft_id}", { path: { draft_id: id } }));
  }

  /**
   * Makes one draft under a key, however often it is called with the same fields. Throws `idempotency-key-reused`, with the draft's id,
   * where they are others.
   */
  async create(fields: DraftFields, key: string, isLeaving = false): Promise<Kept> {
    const headers = { "Idempotency-Key": key };
    return kept(
      await this.#compose.call("post", "/v1/drafts", { body: fields, headers, keepalive: lasts(fields, isLeaving) }),
    );
  }

  async change(id: string, fields: DraftFields, etag: string, isLeaving = false): Promise<Kept> {
    const request = { path: { draft_id: id }, body: fields, headers: { "If-Match": etag } };
    const keepalive = lasts(fields, isLeaving);
    return kept(await this.#compose.call("patch", "/v1/drafts/{draft_id}", { ...request, keepalive }));
  }

  async remove(id: string): Promise<void> {
    await this.#compose.call("delete", "/v1/drafts/{draft_id}", { path: { draft_id: id } });
  }

  async schedule(id: string, schedule: Schedule, etag: string): Promise<Kept> {
    const request = { path: { draft_id: id }, body: schedule, headers: { "If-Match": etag } };
    return kept(await this.#compose.call("post", "/v1/drafts/{draft_id}/schedule", request));
  }

  /** Makes it a draft again. */
  async unschedule(id: string): Promise<Kept> {
    return kept(await this.#compose.call("post", "/v1/drafts/{draft_id}/unschedule", { path: { draft_id: id } }));
  }

  /** Sends this version of it. */
  async send(id: string, etag: string): Promise<Message> {
    const request = { path: { draft_id: id }, headers: { "If-Match": etag } };
    return (await this.#compose.call("post", "/v1/drafts/{draft_id}/send", request)).data;
  }
}

function kept({ data, headers }: { data: KeptDraft; headers: Headers }): Kept {
  return { draft: data, etag: headers.get("ETag") ?? "" };
}

function lasts(fields: DraftFields, isLeaving: boolean): boolean {
  return isLeaving && JSON.stringify(fields).length < KEEPALIVE_LIMIT;
}
