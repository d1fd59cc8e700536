import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Ending, HubSession } from "./hub-session";

const START = Date.parse("2026-11-30T12:00:00Z");
const MINUTE = 60_000;

/** A hub of which each test says when the session ends, in minutes from the start. */
class Server {
  ends = 12 * 60;
  idleEnds = 30;
  isOpen = true;
  tokens = 0;
  readonly calls: string[] = [];
  /** The server's clock is five minutes ahead of the browser's. */
  readonly aheadMs = 5 * MINUTE;

  readonly fetch = async (url: string, options: RequestInit = {}): Promise<Response> => {
    const path = url.replace("https://hub.example/auth/", "");
    this.calls.push(path);
    if (!this.isOpen) return this.#json({ code: "session-expired", detail: "x" }, 401);
    if (path !== "session") expect(new Headers(options.headers).get("X-CSRF-Token")).toBe("csrf");
    if (path === "token") this.idleEnds = (Date.now() - START) / MINUTE + 30;
    if (path === "logout") return this.#json({ end_session_url: "https://id.example/end" });
    const times = {
      now: this.#at(Date.now()),
      expires_at: this.#in(this.ends),
      idle_expires_at: this.#in(this.idleEnds),
    };
    if (path === "session") return this.#json({ ...times, csrf_token: "csrf" });
    this.tokens += 1;
    return this.#json({ ...times, token: `token ${this.tokens}` });
  };

  #in(minutes: number): string {
    return this.#at(START + minutes * MINUTE);
  }

  #at(time: number): string {
    return new Date(time + this.aheadMs).toISOString();
  }

  #json(body: unknown, status = 200): Response {
    return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
  }
}

describe("HubSession", () => {
  let server: Server;
  let session: HubSession;
  let warnings: (Ending | null)[];
  let ends: number;

  beforeEach(async () => {
    vi.useFakeTimers({ now: START });
    server = new Server();
    vi.stubGlobal("fetch", server.fetch);
    const found = await HubSession.open("https://hub.example/");
    expect(found).not.toBeNull();
    session = found as HubSession;
    warnings = [];
    ends = 0;
    session.watch(
      (ending) => warnings.push(ending),
      () => {
        ends += 1;
      },
    );
  });

  afterEach(() => {
    session.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("is null for somebody who is not signed in", async () => {
    server.isOpen = false;
    expect(await HubSession.open("https://hub.example/")).toBeNull();
  });

  it("gives one token to all who ask, and another when it was refused or gets old", async () => {
    expect(await Promise.all([session.getToken(), session.getToken()])).toEqual(["token 1", "token 1"]);
    expect(await session.getToken("token 1")).toBe("token 2");
    vi.setSystemTime(START + 4.5 * MINUTE);
    expect(await session.getToken()).toBe("token 3");
  });

  it("renews the idle time only for what a person did", async () => {
    await session.getToken();
    window.dispatchEvent(new Event("keydown"));
    vi.setSystemTime(START + 5 * MINUTE);
    await session.getToken();
    vi.setSystemTime(START + 10 * MINUTE);
    await session.getToken();
    expect(server.calls.filter((path) => path.startsWith("token"))).toEqual([
      "token?background=true",
      "token",
      "token?background=true",
    ]);
  });

  it("warns two minutes before, by the server's clock, and lets the person stay", async () => {
    await vi.advanceTimersByTimeAsync(27 * MINUTE);
    expect(warnings.at(-1)).toBeNull();
    await vi.advanceTimersByTimeAsync(1.5 * MINUTE);
    expect(warnings.at(-1)).toEqual({ at: new Date(START + 30 * MINUTE), canStay: true });
    await session.stay();
    expect(warnings.at(-1)).toBeNull();
    expect(ends).toBe(0);
  });

  it("does not warn a person who is busy, in this tab or another", async () => {
    await vi.advanceTimersByTimeAsync(20 * MINUTE);
    window.dispatchEvent(new Event("pointerdown"));
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    server.idleEnds = 90;
    await vi.advanceTimersByTimeAsync(55 * MINUTE);
    expect(warnings.filter(Boolean)).toEqual([]);
    expect(ends).toBe(0);
  });

  it("says that twelve hours cannot be renewed", async () => {
    server.idleEnds = 13 * 60;
    server.ends = 30;
    await vi.advanceTimersByTimeAsync(29 * MINUTE);
    expect(warnings.at(-1)).toEqual({ at: new Date(START + 30 * MINUTE), canStay: false });
  });

  it("ends when its time has come, and when the server says so", async () => {
    await vi.advanceTimersByTimeAsync(31 * MINUTE);
    expect(ends).toBeGreaterThan(0);
    ends = 0;
    server.isOpen = false;
    expect(await session.getToken("token 1")).toBeUndefined();
    expect(ends).toBe(1);
  });

  it("tells where to sign out at the organisation, and is silent afterwards", async () => {
    expect(await session.signOut()).toBe("https://id.example/end");
    server.isOpen = false;
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect(ends).toBe(0);
  });
});
