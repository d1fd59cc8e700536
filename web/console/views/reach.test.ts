import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReachCounter } from "./reach";

const host = {
  addController: () => {},
  removeController: () => {},
  requestUpdate: () => {},
  updateComplete: Promise.resolve(true),
};
const EVERYONE = { audience: { everyone: true as const } };
const NORTH = { audience: { organisations: ["north"], clinics: [] } };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("counting the people", () => {
  it("asks once for what was chosen last, a moment after", async () => {
    const count = vi.fn().mockResolvedValue(32);
    const reach = new ReachCounter(host, count);
    reach.ask(EVERYONE);
    reach.ask(NORTH);
    expect(reach.value).toEqual({ state: "counting", count: null });
    await vi.runAllTimersAsync();
    expect(count.mock.calls.map(([people]) => people)).toEqual([NORTH]);
    expect(reach.value).toEqual({ state: "counted", count: 32 });
  });

  it("does not ask again for the same choice", async () => {
    const count = vi.fn().mockResolvedValue(32);
    const reach = new ReachCounter(host, count);
    for (let time = 0; time < 3; time += 1) {
      reach.ask({ ...NORTH });
      await vi.runAllTimersAsync();
    }
    expect(count).toHaveBeenCalledTimes(1);
  });

  it("drops an answer that comes for an earlier choice", async () => {
    let answerFirst: (count: number) => void = () => {};
    const count = vi
      .fn()
      .mockImplementationOnce(
        () =>
          new Promise((resolve) => {
            answerFirst = resolve;
          }),
      )
      .mockResolvedValueOnce(7);
    const reach = new ReachCounter(host, count);
    reach.ask(EVERYONE);
    await vi.runAllTimersAsync();
    reach.ask(NORTH);
    await vi.runAllTimersAsync();
    answerFirst(5000);
    await vi.runAllTimersAsync();
    expect(reach.value).toEqual({ state: "counted", count: 7 });
  });

  it("says that it failed, and counts again when asked to", async () => {
    const error = new Error("away");
    const reach = new ReachCounter(host, vi.fn().mockRejectedValueOnce(error).mockResolvedValueOnce(7));
    reach.ask(NORTH);
    await vi.runAllTimersAsync();
    expect(reach.value).toEqual({ state: "failed", error });
    reach.retry(NORTH);
    await vi.runAllTimersAsync();
    expect(reach.value).toEqual({ state: "counted", count: 7 });
  });

  it("counts nobody where nothing is chosen", () => {
    const count = vi.fn();
    const reach = new ReachCounter(host, count);
    reach.ask(NORTH);
    reach.ask(null);
    expect(reach.value).toEqual({ state: "none" });
    expect(count).not.toHaveBeenCalled();
  });
});
