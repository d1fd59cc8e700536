/** What went wrong with a call: the API's own problem details (RFC 9457), or that no sensible answer came at all. */

interface Options extends ErrorOptions {
  readonly messageId?: string | undefined;
}

export class Problem extends Error {
  override readonly name = "Problem";
  /** The message, or draft, that it is about, where the server said so. */
  readonly messageId: string | undefined;

  constructor(
    /** The HTTP status; 0 when there was no answer. */
    readonly status: number,
    /** The API's stable code, or `unreachable`, `timeout`, `unexpected-answer`. */
    readonly code: string,
    /** A sentence for people. */
    readonly detail: string,
    /** What is wrong, by field (nested as the request is). */
    readonly errors: Readonly<Record<string, unknown>> = {},
    /** How long to wait before asking again, where the server said so. */
    readonly retryAfterMs?: number,
    options?: Options,
  ) {
    super(detail, options);
    this.messageId = options?.messageId;
  }

  /** True where the same request may well succeed a little later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  static notReached(timedOut: boolean, cause: unknown): Problem {
    return timedOut
      ? new Problem(0, "timeout", "The server took too long to answer.", {}, undefined, { cause })
      : new Problem(0, "unreachable", "The server cannot be reached.", {}, undefined, { cause });
  }

  static unreadable(status: number, cause?: unknown): Problem {
    const detail = `The server answered in a way that was not expected (${status}).`;
    return new Problem(status, "unexpected-answer", detail, {}, undefined, { cause });
  }
}

/** The problem that an answer other than 2xx stands for; a proxy's own error page becomes `unexpected-answer`. */
export async function readProblem(response: Response): Promise<Problem> {
  const retryAfterMs = readRetryAfter(response.headers.get("Retry-After"));
  let body: unknown;
  try {
    body = await response.json();
  } catch (error) {
    body = error;
  }
  const { code, detail, errors, message_id } = (body ?? {}) as Partial<Problem> & { message_id?: unknown };
  if (typeof code !== "string" || typeof detail !== "string") {
    const plain = Problem.unreadable(response.status, body);
    return new Problem(plain.status, plain.code, plain.detail, {}, retryAfterMs);
  }
  const messageId = typeof message_id === "string" ? message_id : undefined;
  return new Problem(response.status, code, detail, errors ?? {}, retryAfterMs, { messageId });
}

export function hasCode(error: unknown, code: string): error is Problem {
  return error instanceof Problem && error.code === code;
}

/** Milliseconds, from a number of seconds or an HTTP date. */
function readRetryAfter(value: string | null): number | undefined {
  if (!value) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
