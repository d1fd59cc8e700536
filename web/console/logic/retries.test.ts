import { describe, expect, it, vi } from "vitest";
import { Problem } from "../../api";
import { pauseAfter, wait, withRetries } from "./retries";

const away = Problem.notReached(false, null);
const refused = new Problem(422, "validation-failed", "Not valid.");

describe("withRetries", () => {
  it("tries again for a passing reason and answers what came in the end", async () => {
    const attempt = vi.fn().mockRejectedValueOnce(away).mockRejectedValueOnce(away).mockResolvedValue("sent");
    const sleep = vi.fn().mockResolvedValue(undefined);
    const waiting = vi.fn();
    const signal = new AbortController().signal;
    await expect(withRetries(attempt, { signal, sleep, waiting })).resolves.toBe("sent");
    expect(sleep.mock.calls.map(([ms]) => ms)).toEqual([1000, 3000]);
    expect(waiting.mock.calls).toEqual([[2], [3]]);
  });

  it("gives up after the fourth attempt, with the last error", async () => {
    const attempt = vi.fn().mockRejectedValue(away);
    const sleep = vi.fn().mockResolvedValue(undefined);
    await expect(withRetries(attempt, { signal: new AbortController().signal, sleep })).rejects.toBe(away);
    expect(attempt).toHaveBeenCalledTimes(4);
  });

  it("does not repeat what was refused", async () => {
    const attempt = vi.fn().mockRejectedValue(refused);
    await expect(withRetries(attempt, { signal: new AbortController().signal })).rejects.toBe(refused);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it("stops when told to, while it waits", async () => {
    const abort = new AbortController();
    const attempt = vi.fn().mockRejectedValue(away);
    const result = withRetries(attempt, { signal: abort.signal, waiting: () => abort.abort(new Error("stopped")) });
    await expect(result).rejects.toThrow("stopped");
    expect(attempt).toHaveBeenCalledTimes(1);
  });
});

describe("pauseAfter", () => {
  const busy = (retryAfterMs: number) => new Problem(503, "unavailable", "Busy.", {}, retryAfterMs);

  it("waits as long as the server asks for, within reason", () => {
    expect(pauseAfter(busy(5_000), 0)).toBe(5_000);
    expect(pauseAfter(busy(100), 0)).toBe(1_000);
    expect(pauseAfter(busy(600_000), 0)).toBeNull();
  });

  it("takes an error of our own for no reason to try again", () => {
    expect(pauseAfter(new TypeError("x"), 0)).toBeNull();
  });
});

describe("wait", () => {
  it("ends at once where everything is over already", async () => {
    await expect(wait(60_000, AbortSignal.abort(new Error("over")))).rejects.toThrow("over");
  });
});
