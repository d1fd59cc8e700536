import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../../api";
import { message as sentMessage } from "../samples";
import { Sender } from "./sender";

const host = {
  addController: () => {},
  removeController: () => {},
  requestUpdate: () => {},
  updateComplete: Promise.resolve(true),
};
const AWAY = Problem.notReached(true, null);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("sending", () => {
  it("tries again for a passing reason", async () => {
    const post = vi.fn().mockRejectedValueOnce(AWAY).mockRejectedValueOnce(AWAY).mockResolvedValue(sentMessage());
    const sender = new Sender(host);
    const outcome = sender.send(post);
    await vi.runAllTimersAsync();
    expect((await outcome).message?.title).toBe("Title");
    expect(post).toHaveBeenCalledTimes(3);
    expect(sender.isUnanswered).toBe(false);
  });

  it("may have arrived when it gave up, and has when somebody tries again with success", async () => {
    const sender = new Sender(host);
    const outcome = sender.send(() => Promise.reject(AWAY));
    await vi.runAllTimersAsync();
    expect((await outcome).error).toBe(AWAY);
    expect(sender.isUnanswered).toBe(true);
    await sender.send(() => Promise.resolve(sentMessage()));
    expect(sender.isUnanswered).toBe(false);
  });

  it("knows after a refusal that nothing has arrived", async () => {
    const sender = new Sender(host);
    const refusal = new Problem(422, "validation-failed", "Not valid.");
    expect((await sender.send(() => Promise.reject(refusal))).error).toBe(refusal);
    expect(sender.isUnanswered).toBe(false);
  });

  it("knows nothing about it when the session has ended", async () => {
    const sender = new Sender(host);
    await sender.send(() => Promise.reject(new Problem(401, "token-expired", "Expired.")));
    expect(sender.isUnanswered).toBe(true);
  });

  it("stops trying when somebody stops it", async () => {
    const sender = new Sender(host);
    const post = vi.fn().mockRejectedValue(AWAY);
    const outcome = sender.send(post);
    await vi.advanceTimersByTimeAsync(100);
    sender.stop();
    await vi.runAllTimersAsync();
    expect((await outcome).message).toBeNull();
    expect(post).toHaveBeenCalledTimes(1);
    expect([sender.isSending, sender.isUnanswered]).toEqual([false, true]);
  });
});
