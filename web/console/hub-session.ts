/**
 * The session of a person who signed in at their organisation: tokens for the APIs, how long it lasts, and its end. The browser holds
 * its cookie; this page holds tokens of five minutes, in memory.
 */
import { Problem, type Session, type SessionToken, type SignedOut } from "../api";
import { readProblem } from "../api/problem";

/** When the session will end soon. `canStay`: whether doing something renews it. */
export interface Ending {
  readonly at: Date;
  readonly canStay: boolean;
}

type Times = Pick<Session, "now" | "expires_at" | "idle_expires_at">;

const TOKEN_MS = 4 * 60_000;
/** How long before its end a person is warned. */
const WARNING_MS = 2 * 60_000;
const TIMEOUT_MS = 15_000;

export class HubSession {
  readonly #auth: string;
  #csrf: string;
  #times: Times;
  /** This browser's clock less the server's. */
  #offsetMs = 0;
  #token: { value: string; goodUntil: number } | null = null;
  #asking: Promise<string | undefined> | null = null;
  #usedAt = 0;
  #askedAt = Date.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onEnding: (ending: Ending | null) => void = () => undefined;
  #onEnd: () => void = () => undefined;

  private constructor(auth: string, shown: Session) {
    this.#auth = auth;
    this.#csrf = shown.csrf_token;
    this.#times = shown;
    this.#keep(shown);
  }

  /** This browser's session; null if nobody is signed in. `hubUrl` ends in a slash. */
  static async open(hubUrl: string): Promise<HubSession | null> {
    const auth = new URL("auth/", hubUrl).href;
    const shown = await readSession(auth);
    return shown && new HubSession(auth, shown);
  }

  /**
   * Where a person signs in; afterwards the browser is back at this page. `hubUrl`: the hub's public address, at which the provider knows
   * it; a page that was opened at another name of the same machine could not finish a sign-in.
   */
  static signInUrl(platform: string, hubUrl = ".."): string {
    const { pathname, search, hash } = location;
    return `${hubUrl}/auth/login?${new URLSearchParams({ platform, next: pathname + search + hash })}`;
  }

  /** Calls `onEnding` two minutes before the session ends, and with null after it was renewed; `onEnd` when it has ended. */
  watch(onEnding: (ending: Ending | null) => void, onEnd: () => void): void {
    this.#onEnding = onEnding;
    this.#onEnd = onEnd;
    for (const name of ["pointerdown", "keydown"]) window.addEventListener(name, this.#use, { passive: true });
    document.addEventListener("visibilitychange", this.#check);
    void this.#check();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const name of ["pointerdown", "keydown"]) window.removeEventListener(name, this.#use);
    document.removeEventListener("visibilitychange", this.#check);
    this.#onEnding = this.#onEnd = () => undefined;
  }

  /** A token for the APIs; undefined once the session has ended. */
  async getToken(refused?: string): Promise<string | undefined> {
    const known = this.#token;
    if (known && known.value !== refused && Date.now() < known.goodUntil) return known.value;
    this.#asking ??= this.#ask(this.#usedAt < this.#askedAt).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** Renews the session, as any other action of the person does. */
  async stay(): Promise<void> {
    await this.#ask(false).catch(() => undefined);
    await this.#check();
  }

  /** Ends the session. Returns the address that ends it at the organisation too; null if there is none. */
  async signOut(): Promise<string | null> {
    this.close();
    const response = await this.#post("logout");
    if (!response.ok) return null;
    const { end_session_url } = (await response.json()) as SignedOut;
    return end_session_url;
  }

  async #ask(isBackground: boolean): Promise<string | undefined> {
    const askedAt = Date.now();
    const response = await this.#post(isBackground ? "token?background=true" : "token");
    if (response.status === 401 || response.status === 403) {
      this.#onEnd();
      return undefined;
    }
    if (!response.ok) throw await readProblem(response);
    const answer = (await response.json()) as SessionToken;
    this.#askedAt = askedAt;
    this.#token = { value: answer.token, goodUntil: Date.now() + Math.min(TOKEN_MS, this.#keep(answer)) };
    return answer.token;
  }

  async #post(path: string): Promise<Response> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      return await fetch(this.#auth + path, { method: "POST", headers: { "X-CSRF-Token": this.#csrf }, signal });
    } catch (error) {
      throw Problem.notReached((error as Error).name === "TimeoutError", error);
    }
  }

  /** Notes the times of an answer; how long the session still lasts. */
  #keep(times: Times): number {
    this.#times = times;
    this.#offsetMs = Date.now() - Date.parse(times.now);
    return this.#endsAt - Date.now();
  }

  /** By this browser's clock. */
  get #endsAt(): number {
    return Math.min(Date.parse(this.#times.expires_at), Date.parse(this.#times.idle_expires_at)) + this.#offsetMs;
  }

  readonly #use = () => {
    this.#usedAt = Date.now();
  };

  /** Warns, ends, or waits until it is time for that. Another tab may have renewed the session meanwhile. */
  readonly #check = async (): Promise<void> => {
    clearTimeout(this.#timer);
    if (this.#endsAt - Date.now() <= WARNING_MS) await this.#refresh();
    const leftMs = this.#endsAt - Date.now();
    if (leftMs <= 0) return this.#onEnd();
    const isSoon = leftMs <= WARNING_MS;
    const canStay = this.#times.idle_expires_at < this.#times.expires_at;
    this.#onEnding(isSoon ? { at: new Date(this.#endsAt), canStay } : null);
    this.#timer = setTimeout(this.#check, isSoon ? Math.min(leftMs, 20_000) : leftMs - WARNING_MS);
  };

  async #refresh(): Promise<void> {
    try {
      if (this.#usedAt >= this.#askedAt) {
        await this.#ask(false);
        return;
      }
      const shown = await readSession(this.#auth);
      if (shown) this.#keep(shown);
      else this.#onEnd();
    } catch {
      // The hub is unreachable: the known times still apply.
    }
  }
}

async function readSession(auth: string): Promise<Session | null> {
  const response = await fetch(`${auth}session`);
  if (response.status === 401) return null;
  if (!response.ok) throw await readProblem(response);
  return (await response.json()) as Session;
}
