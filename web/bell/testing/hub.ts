/** A hub for tests: answers `fetch` as inbox_api does, keeps what was asked, and has a stream that a test can speak through. */
import { vi } from "vitest";
import type { Counts, Notification } from "../../api";

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

export const SRC = "https://hub.example";

export class Hub {
  readonly calls: Call[] = [];
  /** The open streams, newest last. */
  streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  inbox: Notification[] = [];
  tokens = new Set([tokenOf("ann")]);
  servesStream = true;
  /** Answers the next calls whose path begins so, instead of the hub. */
  readonly instead: { path: string; answer: () => Response | Promise<Response> }[] = [];
  #pageSize = 20;

  constructor(count = 0) {
    for (let number = 1; number <= count; number += 1) this.inbox.unshift(notification(number));
    vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => this.#answer(url, init));
  }

  get counts(): Counts {
    const open = this.#unexpired.filter((one) => !one.archived_at);
    return {
      unread_count: open.filter((one) => !one.read_at).length,
      unseen_count: open.filter((one) => !one.seen_at).length,
      to_acknowledge_count: this.#asking.length,
    };
  }

  get #asking(): Notification[] {
    return this.#unexpired.filter(({ acknowledgement }) => acknowledgement && !acknowledgement.acknowledged_at);
  }

  get #unexpired(): Notification[] {
    return this.inbox.filter((one) => !isPast(one.expires_at));
  }

  /** What was asked, as "METHOD path", since the last look. */
  taken(): string[] {
    return this.calls.splice(0).map(({ method, path }) => `${method} ${path}`);
  }

  refuse(path: string, status: number, headers: Record<string, string> = {}, times = 1): void {
    for (let time = 0; time < times; time += 1) {
      this.instead.push({ path, answer: () => new Response("{}", { status, headers }) });
    }
  }

  /** One more in the inbox; `isSent` on the stream too. */
  add(number: number, isSent = true, change: Partial<Notification> = {}): Notification {
    const added = notification(number, change);
    this.inbox.unshift(added);
    if (isSent) this.sendEvent("notification", added, `cursor-${number}`);
    return added;
  }

  sendEvent(event: string, data: unknown, id?: string): void {
    this.send(`event: ${event}\n${id ? `id: ${id}\n` : ""}data: ${JSON.stringify(data)}\n\n`);
  }

  send(text: string): void {
    for (const stream of this.streams) stream.enqueue(new TextEncoder().encode(text));
  }

  endStreams(): void {
    for (const stream of this.streams.splice(0)) stream.close();
  }

  async #answer(url: string, init: RequestInit): Promise<Response> {
    const path = url.replace(SRC, "");
    const headers = new Headers(init.headers);
    const body = init.body ? JSON.parse(String(init.body)) : undefined;
    this.calls.push({ method: init.method ?? "GET", path, headers, body });
    const at = this.instead.findIndex((one) => path.startsWith(one.path));
    if (at >= 0) return (this.instead.splice(at, 1)[0] as (typeof this.instead)[0]).answer();
    if (!this.tokens.has(headers.get("Authorization")?.slice(7) ?? "")) return new Response("{}", { status: 401 });
    if (path === "/v1/notifications/stream") return this.#stream(init.signal ?? undefined);
    if (init.method === "POST") return this.#through(path, (body as { through: string }).through);
    if (init.method === "PUT" || init.method === "DELETE") return this.#change(path, init.method === "PUT", body);
    const [, id] = /^\/v1\/notifications\/([0-9a-f-]{36})$/.exec(path) ?? [];
    if (id) return this.#one(id);
    return conditional(path.endsWith("/counts") ? this.counts : this.#page(new URL(url).searchParams), headers);
  }

  #one(id: string): Response {
    const found = this.inbox.find((one) => one.id === id);
    if (!found) return new Response("{}", { status: 404 });
    return Response.json({ ...found, expired: isPast(found.expires_at) });
  }

  #page(query: URLSearchParams) {
    const status = query.get("status");
    const category = query.get("category");
    const isPinned = (one: Notification) => one.pinned_until && !isPast(one.pinned_until) && !one.archived_at;
    const pinned = this.#unexpired.filter(isPinned).slice(0, 3);
    const all = this.#unexpired.filter((one) => {
      if (category && one.category !== category) return false;
      if (status === "archived") return one.archived_at;
      return !one.archived_at && (status === "all" || !one.read_at);
    });
    const from = Number(query.get("after") ?? 0);
    const data = all.slice(from, from + this.#pageSize);
    const has_more = all.length > from + this.#pageSize;
    const due = ({ acknowledgement }: Notification) => acknowledgement?.due_at ?? "9";
    const to_acknowledge =
      from > 0 ? [] : this.#asking.sort((one, other) => (due(one) < due(other) ? -1 : 1)).slice(0, 20);
    return {
      data,
      pinned,
      to_acknowledge,
      has_more,
      next_cursor: has_more ? String(from + this.#pageSize) : null,
      ...this.counts,
    };
  }

  #change(path: string, isSet: boolean, content: { content_hash: string } | undefined): Response {
    const [, id, what] = /notifications\/([^/]+)\/(\w+)$/.exec(path) ?? [];
    const found = this.inbox.find((one) => one.id === id);
    if (!found) return new Response("{}", { status: 404 });
    const at = isSet ? new Date().toISOString() : null;
    const { acknowledgement } = found;
    if (what === "archived" && this.#asking.includes(found)) return refusal("acknowledgement-required");
    if (what === "acknowledged") {
      if (!acknowledgement) return refusal("acknowledgement-not-requested");
      if (content?.content_hash !== acknowledgement.content_hash) return refusal("content-changed");
      if (isPast(found.expires_at)) return refusal("message-expired");
    }
    const acknowledged_at = acknowledgement?.acknowledged_at ?? at;
    const seen = { read_at: at, seen_at: found.seen_at ?? at };
    const changes: Record<string, Partial<Notification>> = {
      read: seen,
      archived: { archived_at: at },
      acknowledged: { ...seen, acknowledgement: acknowledgement && { ...acknowledgement, acknowledged_at } },
    };
    const changed = { ...found, ...changes[what ?? ""], expired: isPast(found.expires_at) };
    this.inbox = this.inbox.map((one) => (one === found ? changed : one));
    return Response.json({ notification: changed, ...this.counts });
  }

  #through(path: string, id: string): Response {
    const at = new Date().toISOString();
    const from = this.inbox.findIndex((one) => one.id === id);
    this.inbox = this.inbox.map((one, index) => {
      if (index < from) return one;
      return {
        ...one,
        seen_at: one.seen_at ?? at,
        read_at: path.endsWith("read-all") ? (one.read_at ?? at) : one.read_at,
      };
    });
    return Response.json(this.counts);
  }

  #stream(signal: AbortSignal | undefined): Response {
    if (!this.servesStream) return new Response("{}", { status: 404 });
    const ready = `retry: 2000\n\nevent: ready\nid: cursor-${this.inbox.length}\ndata: ${JSON.stringify(this.counts)}\n\n`;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.streams.push(controller);
        controller.enqueue(new TextEncoder().encode(ready));
        signal?.addEventListener("abort", () => {
          if (!this.streams.includes(controller)) return;
          this.streams = this.streams.filter((one) => one !== controller);
          controller.error(new Error("aborted"));
        });
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }
}

/** The `number`th ever sent: higher numbers are newer. */
export function notification(number: number, change: Partial<Notification> = {}): Notification {
  const digits = String(number).padStart(4, "0");
  return {
    id: `0198c0de-0000-7000-8000-00000000${digits}`,
    title: `Title ${number}`,
    body: `Body ${number}`,
    category: null,
    priority: "normal",
    pinned_until: null,
    expires_at: null,
    expired: false,
    sender: { name: "Amara Okafor" },
    sent_at: `2026-11-22T10:${digits.slice(0, 2)}:${digits.slice(2)}.000000Z`,
    seen_at: null,
    read_at: null,
    archived_at: null,
    acknowledgement: null,
    supersedes: null,
    change_summary: null,
    superseded: false,
    ...change,
  };
}

/** What a message asks its reader to acknowledge. */
export function asked(due_at: string | null = null, acknowledged_at: string | null = null) {
  const acknowledgement = { statement: "I have read this.", due_at, overdue: false, acknowledged_at };
  return { acknowledgement: { ...acknowledgement, content_hash: "sha256:1" } };
}

export function refusal(code: string): Response {
  return Response.json({ code }, { status: 409 });
}

function isPast(time: string | null): boolean {
  return time !== null && Date.parse(time) <= Date.now();
}

/** Not signed by anybody; only what is read of a token in the browser. */
export function tokenOf(user: string, serial = 0): string {
  const payload = JSON.stringify({ platform: "demo", sub: user, serial });
  const binary = String.fromCharCode(...new TextEncoder().encode(payload));
  return `e30.${btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}.signature`;
}

function conditional(data: unknown, headers: Headers): Response {
  const text = JSON.stringify(data);
  const etag = `"${text.length}-${[...text].reduce((sum, one) => (sum * 31 + one.charCodeAt(0)) | 0, 7)}"`;
  if (headers.get("If-None-Match") === etag) return new Response(null, { status: 304 });
  return new Response(text, { headers: { ETag: etag } });
}
