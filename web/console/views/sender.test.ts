import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type NewMessage, Problem } from "../../api";
import { type Draft, newDraft } from "../logic/draft";
import { message as sentMessage } from "../samples";
import { Sender } from "./sender";

const host = {
  addController: () => {},
  removeController: () => {},
  requestUpdate: () => {},
  updateComplete: Promise.resolve(true),
};
const MESSAGE: NewMessage = { title: "Title", body: "Body", audience: { everyone: true } };
const AWAY = Problem.notReached(true, null);

function make() {
  let draft = newDraft();
  const kept: Draft[] = [];
  const sender = new Sender(host, (change) => {
    draft = { ...draft, ...change };
    kept.push(draft);
  });
  return {
    sender,
    kept,
    send: (post: (key: string) => Promise<ReturnType<typeof sentMessage>>) => sender.send(draft, MESSAGE, post),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("sending", () => {
  it("keeps the request before anything goes out, and uses one key for every attempt", async () => {
    const { send, kept } = make();
    const keys: string[] = [];
    const post = vi.fn(async (key: string) => {
      expect(kept.at(-1)).toMatchObject({ key, unanswered: JSON.stringify(MESSAGE) });
      keys.push(key);
      if (keys.length < 3) throw AWAY;
      return sentMessage();
    });
    const outcome = send(post);
    await vi.runAllTimersAsync();
    expect((await outcome).message?.title).toBe("Title");
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  it("uses the same key when somebody tries again after it gave up", async () => {
    const { send, kept } = make();
    const keys: string[] = [];
    for (let time = 0; time < 2; time += 1) {
      const outcome = send(async (key) => {
        keys.push(key);
        throw AWAY;
      });
      await vi.runAllTimersAsync();
      expect((await outcome).error).toBe(AWAY);
    }
    expect(keys).toHaveLength(8);
    expect(new Set(keys).size).toBe(1);
    expect(kept.at(-1)?.unanswered).not.toBeNull();
  });

  it("knows after a refusal that nothing has arrived", async () => {
    const { send, kept } = make();
    const refusal = new Problem(422, "validation-failed", "Not valid.");
    expect((await send(() => Promise.reject(refusal))).error).toBe(refusal);
    expect(kept.at(-1)?.unanswered).toBeNull();
  });

  it("knows nothing about it when the session has ended", async () => {
    const { send, kept } = make();
    await send(() => Promise.reject(new Problem(401, "token-expired", "Expired.")));
    expect(kept.at(-1)?.unanswered).not.toBeNull();
  });

  it("stops trying when told to", async () => {
    const { sender, send } = make();
    const post = vi.fn().mockRejectedValue(AWAY);
    const outcome = send(post);
    await vi.advanceTimersByTimeAsync(100);
    sender.stop();
    await vi.runAllTimersAsync();
    expect((await outcome).message).toBeNull();
    expect(post).toHaveBeenCalledTimes(1);
    expect(sender.isSending).toBe(false);
  });
});
