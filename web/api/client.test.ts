import { afterEach, describe, expect, it, vi } from "vitest";
import { Client, type ComposePaths, type InboxPaths, Problem } from ".";

const ID = "0198c0de-0000-7000-8000-000000000001";

interface Call {
  url: string;
  method: string;
  headers: Headers;
  body: string | null;
  signal: AbortSignal;
}

/** Puts `answers` in the place of the network, one for each call in turn; what was called is in the list that comes back. */
function network(...answers: (Response | Error)[]): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (url: string, init: Omit<Call, "url" | "headers"> & { headers: Headers }) => {
    calls.push({ ...init, url });
    const answer = answers.shift();
    if (!answer) throw new Error("one call too many");
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return calls;
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });

const problem = (status: number, code: string, more: object = {}, headers: Record<string, string> = {}) =>
  json({ type: "urn:x", title: "Title", status, detail: `Because ${code}.`, code, ...more }, status, headers);

const client = (getToken: (refused?: string) => string | undefined = () => "a-token") =>
  new Client<InboxPaths>("https://inbox.example/", getToken);

const counts = (inbox: Client<InboxPaths>) => inbox.call("get", "/v1/notifications/counts", {});

async function refusal(promise: Promise<unknown>): Promise<Problem> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
}

afterEach(() => vi.useRealTimers());

describe("a request", () => {
  it("goes where the path and the query say, with the token in a header and nowhere else", async () => {
    const calls = network(json({ data: [] }));
    await client().call("get", "/v1/notifications", { query: { limit: 5, after: "a b&c", status: "unread" } });
    expect(calls[0]?.url).toBe("https://inbox.example/v1/notifications?limit=5&after=a+b%26c&status=unread");
    expect(calls[0]?.headers.get("Authorization")).toBe("Bearer a-token");
    expect(calls[0]?.body).toBeNull();
  });

  it("leaves out what is undefined", async () => {
    const calls = network(json({}));
    // @ts-expect-error -- a caller without types
    await client().call("get", "/v1/notifications", { query: { after: undefined } });
    expect(calls[0]?.url).toBe("https://inbox.example/v1/notifications");
  });

  it("cannot be led elsewhere by what stands in its path", async () => {
    const calls = network(json({}));
    await client().call("put", "/v1/notifications/{message_id}/read", { path: { message_id: "../../x?y#z" } });
    expect(calls[0]?.url).toBe("https://inbox.example/v1/notifications/..%2F..%2Fx%3Fy%23z/read");
  });

  it("carries its body as JSON, and its own headers", async () => {
    const calls = network(json({ id: ID }, 202, { Location: "/v1/messages/x" }));
    const compose = new Client<ComposePaths>("", () => "t");
    const body = { title: "Tïtle", body: "Text", audience: { everyone: true as const } };
    const answer = await compose.call("post", "/v1/messages", { body, headers: { "Idempotency-Key": "k" } });
    expect(calls[0]?.method).toBe("POST");
    expect(calls[0]?.url).toBe("/v1/messages");
    expect(JSON.parse(calls[0]?.body ?? "")).toEqual(body);
    expect(calls[0]?.headers.get("Content-Type")).toBe("application/json");
    expect(calls[0]?.headers.get("Idempotency-Key")).toBe("k");
    expect([answer.status, answer.data.id, answer.headers.get("Location")]).toEqual([202, ID, "/v1/messages/x"]);
  });
});

describe("a refused token", () => {
  it.each(["token-missing", "token-invalid", "token-expired"])("is asked for again, once, on %s", async (code) => {
    const calls = network(problem(401, code), json({ unread_count: 1, unseen_count: 1, to_acknowledge_count: 0 }));
    const asked: (string | undefined)[] = [];
    const answer = await counts(
      client((refused) => {
        asked.push(refused);
        return refused === undefined ? "old" : "new";
      }),
    );
    expect(answer.data.unread_count).toBe(1);
    expect(asked).toEqual([undefined, "old"]);
    expect(calls.map((call) => call.headers.get("Authorization"))).toEqual(["Bearer old", "Bearer new"]);
  });

  it("is told of when the new one is refused as well", async () => {
    const calls = network(problem(401, "token-expired"), problem(401, "token-invalid"));
    const error = await refusal(counts(client((refused) => (refused === undefined ? "old" : "new"))));
    expect([error.status, error.code, calls.length]).toEqual([401, "token-invalid", 2]);
  });

  it.each([["the same"], [undefined]])("is not sent again when there is only %s", async (next) => {
    const calls = network(problem(401, "token-expired"));
    const error = await refusal(counts(client((refused) => (refused === undefined ? "the same" : next))));
    expect([error.code, calls.length]).toEqual(["token-expired", 1]);
  });

  it("is not the reason for other refusals", async () => {
    const calls = network(problem(403, "user-inactive"));
    expect((await refusal(counts(client()))).code).toBe("user-inactive");
    expect(calls).toHaveLength(1);
  });
});

describe("a problem", () => {
  it("has the API's code, sentence and errors by field", async () => {
    const errors = { title: ["Longer than 70 characters."], audience: { organisations: ["Unknown: x."] } };
    network(problem(422, "validation-failed", { errors, message_id: "0190" }));
    const error = await refusal(counts(client()));
    expect([error.status, error.code, error.detail]).toEqual([422, "validation-failed", "Because validation-failed."]);
    expect(error.errors).toEqual(errors);
    expect(error.messageId).toBe("0190");
    expect(error.isPassing).toBe(false);
  });

  it.each([
    ["7", 7000],
    ["Sun, 22 Nov 2026 18:00:30 GMT", 30_000],
    ["Sun, 22 Nov 2026 17:00:00 GMT", 0],
    ["soon", undefined],
  ])("says when to come back: Retry-After %s", async (value, expected) => {
    vi.useFakeTimers({ now: new Date("2026-11-22T18:00:00Z"), toFake: ["Date"] });
    network(problem(503, "unavailable", {}, { "Retry-After": value }));
    const error = await refusal(counts(client()));
    expect([error.retryAfterMs, error.isPassing]).toEqual([expected, true]);
  });

  it.each([
    ["<html>Bad gateway</html>", 502],
    ["null", 500],
    ['"text"', 404],
    ['{"code": 5}', 500],
  ])("stands for a proxy's own error page too: %s", async (body, status) => {
    network(new Response(body, { status, headers: { "Retry-After": "3" } }));
    const error = await refusal(counts(client()));
    expect([error.status, error.code, error.retryAfterMs]).toEqual([status, "unexpected-answer", 3000]);
  });

  it("stands for an answer that cannot be read", async () => {
    network(new Response("<html>a hotel's sign-in page</html>"));
    expect((await refusal(counts(client()))).code).toBe("unexpected-answer");
  });

  it("stands for no answer at all", async () => {
    network(new TypeError("Failed to fetch"));
    const error = await refusal(counts(client()));
    expect([error.status, error.code, error.isPassing]).toEqual([0, "unreachable", true]);
    expect(error.cause).toBeInstanceOf(TypeError);
  });
});

describe("giving up", () => {
  /** A network that never answers. */
  const silence = () =>
    vi.stubGlobal("fetch", (_: string, { signal }: { signal: AbortSignal }) => {
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    });

  it("happens by itself after a while", async () => {
    silence();
    const hasty = new Client<InboxPaths>("", () => "t", 20);
    expect((await refusal(counts(hasty))).code).toBe("timeout");
  });

  it("happens before a long answer has begun, and never after", async () => {
    const hasty = new Client<InboxPaths>("", () => "t", 20);
    const path = "/v1/sent-messages/{message_id}/recipients/export";
    silence();
    expect((await refusal(hasty.open(path, { path: { message_id: ID } }))).code).toBe("timeout");
    const calls = network(new Response("id,name"));
    const answer = await hasty.open(path, { path: { message_id: ID } });
    await new Promise((passed) => setTimeout(passed, 40));
    expect(calls[0]?.signal.aborted).toBe(false);
    expect(await answer.text()).toBe("id,name");
    network(problem(503, "unavailable"));
    expect((await refusal(hasty.open(path, { path: { message_id: ID } }))).code).toBe("unavailable");
  });

  it("is no problem when it is the caller's own will", async () => {
    silence();
    const will = new AbortController();
    const call = client().call("get", "/v1/notifications/counts", { signal: will.signal });
    setTimeout(() => will.abort(new DOMException("enough", "AbortError")), 5);
    await expect(call).rejects.toThrow("enough");
  });
});

describe("asking whether something has changed", () => {
  it("sends the ETag and is content with nothing", async () => {
    const calls = network(new Response(null, { status: 304 }));
    expect(await client().getIfChanged("/v1/notifications/counts", '"e"', {})).toBeUndefined();
    expect(calls[0]?.headers.get("If-None-Match")).toBe('"e"');
  });

  it("brings what is new with its ETag", async () => {
    const calls = network(json({ unread_count: 2, unseen_count: 0, to_acknowledge_count: 0 }, 200, { ETag: '"f"' }));
    const answer = await client().getIfChanged("/v1/notifications/counts", undefined, {});
    expect([answer?.data.unread_count, answer?.headers.get("ETag")]).toEqual([2, '"f"']);
    expect(calls[0]?.headers.has("If-None-Match")).toBe(false);
  });
});
