/** Tries again what failed for a passing reason. Pure but for the clock it is given. */

import { Problem } from "../../api";

/** Waits before the second, third and fourth attempt, unless the server names a longer one. */
const WAITS_MS = [1_000, 3_000, 8_000];
/** Of one message, at most. */
export const ATTEMPTS = WAITS_MS.length + 1;
/** No retry where the server asks for a longer wait. */
const LONGEST_WAIT_MS = 20_000;

export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export interface Retrying {
  signal: AbortSignal;
  /** Called before each wait. */
  waiting?: (attempt: number) => void;
  sleep?: Sleep;
}

/** What `attempt` answers in the end; throws its last error. Only for requests that may safely be repeated. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { signal, waiting, sleep = wait }: Retrying,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      const pause = pauseAfter(error, failures);
      if (pause === null || signal.aborted) throw error;
      waiting?.(failures + 2);
      await sleep(pause, signal);
    }
  }
}

/** How long to wait after so many failures before this one; null: do not try again. */
export function pauseAfter(error: unknown, failures: number): number | null {
  const usual = WAITS_MS[failures];
  if (usual === undefined || !(error instanceof Problem) || !error.isPassing) return null;
  const pause = Math.max(usual, error.retryAfterMs ?? 0);
  return pause > LONGEST_WAIT_MS ? null : pause;
}

/** Rejects with the signal's reason as soon as that is aborted. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
