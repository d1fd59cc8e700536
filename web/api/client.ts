/**
 * A typed client for the hub's APIs. The types come from the checked-in OpenAPI documents, so a call that the API does not
 * know, or a field that it no longer has, is an error when the pages are built.
 *
 *     const compose = new Client<ComposePaths>("https://hub.example.org", session);
 *     const { data } = await compose.call("post", "/v1/audiences/preview", { body: { audience } });
 */
import { Problem, readProblem } from "./problem";

/** Where a token comes from. `refused` is the one that was answered with 401: then a fresh one is wanted. */
export type GetToken = (refused?: string) => string | undefined | Promise<string | undefined>;

export interface Answer<T> {
  readonly status: number;
  readonly data: T;
  readonly headers: Headers;
}

type Method = "get" | "post" | "put" | "patch" | "delete";
type PathWith<Paths, M extends Method> = {
  [P in keyof Paths]: Paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof Paths] &
  string;
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;
type Success<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202)]> : never;
type Named<T, Key extends string> = T extends { parameters: Record<Key, infer Values> } ? Values : never;
type Query<O> = O extends { parameters: { query?: infer Values } } ? Exclude<Values, undefined> : never;
type Field<Key extends string, Value> = [Value] extends [never] ? unknown : { [K in Key]: Value };
type OptionalField<Key extends string, Value> = [Value] extends [never] ? unknown : { [K in Key]?: Value };

/** What a call takes: its path's parameters, its query and its body, as far as it has them, and how it is to be made. */
export type Request<Paths, P extends keyof Paths, M extends Method> = Field<"path", Named<Paths[P], "path">> &
  OptionalField<"query", Query<Paths[P][M & keyof Paths[P]]>> &
  Field<"body", Paths[P][M & keyof Paths[P]] extends { requestBody: infer B } ? Json<B> : never> & {
    headers?: Record<string, string>;
    signal?: AbortSignal;
    /** Goes on when the page is left meanwhile. */
    keepalive?: boolean;
  };

interface AnyRequest {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  keepalive?: boolean;
}

const TIMEOUT_MS = 15_000;
const NEW_TOKEN_HELPS = new Set(["token-missing", "token-invalid", "token-expired"]);

export class Client<Paths> {
  readonly #base: string;
  readonly #getToken: GetToken;
  readonly #timeoutMs: number;

  /** `base` is the API's address without a slash at its end; empty where it serves this page. */
  constructor(base: string, getToken: GetToken, timeoutMs = TIMEOUT_MS) {
    this.#base = base.replace(/\/+$/, "");
    this.#getToken = getToken;
    this.#timeoutMs = timeoutMs;
  }

  /** The answer, if it is a good one. Throws a `Problem`, or the signal's reason when the caller gave up. */
  async call<M extends Method, P extends PathWith<Paths, M>>(
    method: M,
    path: P,
    request: Request<Paths, P, M>,
  ): Promise<Answer<Success<Paths[P][M & keyof Paths[P]]>>> {
    const response = await this.#authorized(method, path, request as AnyRequest);
    if (!response.ok) throw await readProblem(response);
    const data = response.status === 204 ? (undefined as never) : await readJson<never>(response);
    return { status: response.status, data, headers: response.headers };
  }

  /** Like `call("get", …)`; undefined when nothing has changed since the answer that carried this ETag. */
  async getIfChanged<P extends PathWith<Paths, "get">>(
    path: P,
    etag: string | undefined,
    request: Request<Paths, P, "get">,
  ): Promise<Answer<Success<Paths[P]["get" & keyof Paths[P]]>> | undefined> {
    const plain = request as AnyRequest;
    const headers = { ...plain.headers, ...(etag ? { "If-None-Match": etag } : {}) };
    const response = await this.#authorized("get", path, { ...plain, headers });
    if (response.status === 304) return undefined;
    if (!response.ok) throw await readProblem(response);
    return { status: response.status, data: await readJson(response), headers: response.headers };
  }

  /** The response as soon as its body begins, which may be long: the timeout ends there. */
  async open<P extends PathWith<Paths, "get">>(path: P, request: Request<Paths, P, "get">): Promise<Response> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#timeoutMs);
    try {
      const response = await this.#authorized("get", path, request as AnyRequest, late.signal);
      if (!response.ok) throw await readProblem(response);
      return response;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends it with a token, and once more with a fresh one when that was refused. */
  async #authorized(method: Method, path: string, request: AnyRequest, timeout?: AbortSignal): Promise<Response> {
    const token = await this.#getToken();
    const response = await this.#send(method, path, request, token, timeout);
    if (response.status !== 401) return response;
    const problem = await readProblem(response.clone());
    if (!NEW_TOKEN_HELPS.has(problem.code)) return response;
    const fresh = await this.#getToken(token ?? "");
    return !fresh || fresh === token ? response : this.#send(method, path, request, fresh, timeout);
  }

  async #send(
    method: Method,
    path: string,
    request: AnyRequest,
    token: string | undefined,
    timeout = AbortSignal.timeout(this.#timeoutMs),
  ): Promise<Response> {
    const headers = new Headers(request.headers);
    if (token) headers.set("Authorization", `Bearer ${token}`);
    if (request.body !== undefined) headers.set("Content-Type", "application/json");
    try {
      return await fetch(this.#base + fill(path, request.path) + queryString(request.query), {
        method: method.toUpperCase(),
        headers,
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout,
        credentials: "omit",
        keepalive: request.keepalive ?? false,
      });
    } catch (error) {
      request.signal?.throwIfAborted();
      throw Problem.notReached(timeout.aborted, error);
    }
  }
}

/** The path with its `{parameters}` filled in. */
function fill(path: string, values: Record<string, string> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
}

function queryString(query: AnyRequest["query"] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}

async function readJson<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw Problem.unreadable(response.status, error);
  }
}
