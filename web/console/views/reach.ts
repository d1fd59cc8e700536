/** Counts the people whom a choice reaches, a moment after it was last changed. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Addressed } from "../../api";

const PAUSE_MS = 250;

export type Reach =
  | { state: "none" }
  | { state: "counting"; count: number | null }
  | { state: "counted"; count: number }
  | { state: "failed"; error: unknown };

type Count = (people: Addressed, signal: AbortSignal) => Promise<number>;

export class ReachCounter implements ReactiveController {
  value: Reach = { state: "none" };
  readonly #host: ReactiveControllerHost;
  readonly #count: Count;
  #asked = "";
  #abort = new AbortController();

  constructor(host: ReactiveControllerHost, count: Count) {
    this.#host = host;
    this.#count = count;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#abort.abort();
  }

  /** Counts these people, unless they are what was counted last. */
  ask(people: Addressed | null): void {
    const wanted = JSON.stringify(people);
    if (wanted === this.#asked) return;
    this.#asked = wanted;
    void this.#run(people);
  }

  /** Counts again what could not be counted. */
  retry(people: Addressed | null): void {
    this.#asked = "";
    this.ask(people);
  }

  async #run(people: Addressed | null): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    if (people === null) return this.#set({ state: "none" });
    this.#set({ state: "counting", count: "count" in this.value ? this.value.count : null });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (signal.aborted) return;
    try {
      const count = await this.#count(people, signal);
      if (!signal.aborted) this.#set({ state: "counted", count });
    } catch (error) {
      if (!signal.aborted) this.#set({ state: "failed", error });
    }
  }

  #set(value: Reach): void {
    this.value = value;
    this.#host.requestUpdate();
  }
}
