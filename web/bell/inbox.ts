/**
 * The calls of inbox_api that the bell makes, with whatever token its page gives it. Smaller than the console's client, because
 * every page that has a bell loads this; its paths and answers are typed from the same OpenAPI document.
 */
import type { Changed, Counts, Feed, InboxPaths, Notification } from "../api";
import type { Credentials } from "./credentials";
import type { ListKey } from "./state";

type Path = keyof InboxPaths;

const TIMEOUT_MS = 15_000;
const PAGE_SIZE = 20;

/** The server refused (`status` is HTTP's, `code` the hub's), or nothing sensible came back (0). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code = "",
    readonly retryAfterMs?: number,
  ) {
    super(`Refused: ${status}`);
  }
}

export interface Answer<T> {
  /** Undefined where nothing has changed since the ETag that was asked with. */
  readonly data: T | undefined;
  readonly etag: string | undefined;
}

interface Call {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export class Inbox {
  constructor(
    private readonly src: string,
    private readonly credentials: Credentials,
    /** Where the live stream is served. */
    private readonly streamUrl: string = src,
  ) {}

  getCounts(etag: string | undefined, signal: AbortSignal): Promise<Answer<Counts>> {
    return this.#ask("/v1/notifications/counts", "", { headers: conditional(etag), signal });
  }

  getOne(id: string): Promise<Answer<Notification>> {
    return this.#ask(fill("/v1/notifications/{message_id}", id), "", {});
  }

  getFeed(key: ListKey, page: { etag?: string | undefined; after?: string }): Promise<Answer<Feed>> {
    const [status, ...rest] = key.split(":");
    const category = rest.length > 0 ? `&category=${encodeURIComponent(rest.join(":"))}` : "";
    const after = page.after ? `&after=${page.after}` : "";
    const query = `?limit=${PAGE_SIZE}&status=${status}${category}${after}`;
    return this.#ask("/v1/notifications", query, { headers: conditional(page.etag) });
  }

  /** Sets (PUT) or clears (DELETE) what stands at the end of the path. */
  put(path: Path & `${string}{message_id}/${string}`, id: string, isSet: boolean, content?: object): Promise<Changed> {
    return this.#change(fill(path, id), isSet ? "PUT" : "DELETE", content);
  }

  postThrough(path: Path & `${string}/${"seen" | "read-all"}`, id: string): Promise<Counts> {
    return this.#change(path, "POST", { through: id });
  }

  /** The open stream of events, from the one after `after` on. */
  async openStream(after: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const headers = { Accept: "text/event-stream", ...(after && { "Last-Event-ID": after }) };
    const response = await this.#send("/v1/notifications/stream", { headers, signal }, this.streamUrl);
    if (!response.body || !response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
      throw new Refusal(response.status);
    }
    return response.body;
  }

  async #change<T>(path: Path, method: string, content: object | undefined): Promise<T> {
    const json = content && { body: JSON.stringify(content), headers: { "Content-Type": "application/json" } };
    return (await this.#ask<T>(path, "", { method, ...json })).data as T;
  }

  async #ask<T>(path: Path, query: string, call: Call): Promise<Answer<T>> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
    const response = await this.#send(path + query, { ...call, signal });
    try {
      const data = response.status === 304 ? undefined : ((await response.json()) as T);
      return { data, etag: response.headers.get("ETag") ?? undefined };
    } catch {
      throw new Refusal(0);
    }
  }

  /** An answer that is good; with a fresh token where the first was refused, but only once. */
  async #send(path: string, call: Call, address = this.src): Promise<Response> {
    const { credentials } = this;
    let token = await credentials.get();
    let response = await this.#fetch(address + path, call, token);
    if (response.status === 401) {
      token = await credentials.get(token);
      response = await this.#fetch(address + path, call, token);
    }
    if (response.ok || response.status === 304) return response;
    const retryAfterMs = Number(response.headers.get("Retry-After")) * 1000 || undefined;
    const { code } = await response.json().catch(() => ({}));
    throw new Refusal(response.status, code, retryAfterMs);
  }

  #fetch(url: string, call: Call, token: string): Promise<Response> {
    const headers = { ...call.headers, Authorization: `Bearer ${token}` };
    return fetch(url, { ...call, headers, credentials: "omit", cache: "no-store" }).catch(() => {
      throw new Refusal(0);
    });
  }
}

function fill(path: Path, id: string): Path {
  return path.replace("{message_id}", encodeURIComponent(id)) as Path;
}

function conditional(etag: string | undefined): Record<string, string> {
  return etag ? { "If-None-Match": etag } : {};
}
