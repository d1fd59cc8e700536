/** Several tabs in one test: locks, channels and visibility as a browser gives them to each tab. */
import { vi } from "vitest";

interface Held {
  readonly name: string;
  reject(reason: unknown): void;
}

interface Waiting {
  readonly name: string;
  readonly tab: Tab;
  grant(): void;
}

export class Tab {
  isHidden = false;
  /** A frozen tab receives no posts. */
  isFrozen = false;
  readonly listeners = new Set<() => void>();
}

let current = new Tab();
let channels: FakeChannel[] = [];
let held: Held[] = [];
let waiting: Waiting[] = [];

/** Runs something as the code of one tab. */
export function inTab<T>(tab: Tab, work: () => T): T {
  const before = current;
  current = tab;
  try {
    return work();
  } finally {
    current = before;
  }
}

/** Hides or shows one tab, as when its user switches to another. */
export function setHidden(tab: Tab, isHidden: boolean): void {
  tab.isHidden = isHidden;
  inTab(tab, () => {
    for (const listener of tab.listeners) listener();
  });
}

class FakeChannel {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly tab = current;

  constructor(readonly name: string) {
    channels.push(this);
  }

  postMessage(data: unknown): void {
    const copy = structuredClone(data);
    for (const other of channels.filter((one) => one !== this && one.name === this.name && !one.tab.isFrozen)) {
      queueMicrotask(() => inTab(other.tab, () => other.onmessage?.({ data: copy })));
    }
  }

  close(): void {
    channels = channels.filter((one) => one !== this);
  }
}

async function request(
  name: string,
  options: { steal?: boolean; signal?: AbortSignal },
  work: () => unknown,
): Promise<unknown> {
  const tab = current;
  if (options.steal) {
    for (const one of held.filter((lock) => lock.name === name)) one.reject(new DOMException("stolen", "AbortError"));
    held = held.filter((lock) => lock.name !== name);
  } else {
    await Promise.resolve();
    if (held.some((lock) => lock.name === name)) await queued(name, tab, options.signal);
  }
  return new Promise((resolve, reject) => {
    const lock = { name, reject };
    held.push(lock);
    const release = () => {
      held = held.filter((one) => one !== lock);
      const next = waiting.find((one) => one.name === name);
      waiting = waiting.filter((one) => one !== next);
      if (next && !held.some((one) => one.name === name)) inTab(next.tab, () => next.grant());
    };
    Promise.resolve(inTab(tab, work)).then(resolve, reject).finally(release);
  });
}

function queued(name: string, tab: Tab, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const one = { name, tab, grant: resolve };
    waiting.push(one);
    signal?.addEventListener("abort", () => {
      waiting = waiting.filter((other) => other !== one);
      reject(new DOMException("aborted", "AbortError"));
    });
  });
}

/** To be called before each test. */
export function installTabs(): void {
  current = new Tab();
  channels = [];
  held = [];
  waiting = [];
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  const locks = { request, query: async () => ({ held, pending: waiting }) };
  Object.defineProperty(navigator, "locks", { configurable: true, value: locks });
  Object.defineProperty(document, "hidden", { configurable: true, get: () => current.isHidden });
  const add = document.addEventListener.bind(document);
  vi.spyOn(document, "addEventListener").mockImplementation((name: string, listener: unknown, ...rest: unknown[]) => {
    if (name === "visibilitychange") current.listeners.add(listener as () => void);
    else (add as (...all: unknown[]) => void)(name, listener, ...rest);
  });
  const remove = document.removeEventListener.bind(document);
  vi.spyOn(document, "removeEventListener").mockImplementation(
    (name: string, listener: unknown, ...rest: unknown[]) => {
      if (name === "visibilitychange") for (const tab of allTabs()) tab.listeners.delete(listener as () => void);
      else (remove as (...all: unknown[]) => void)(name, listener, ...rest);
    },
  );
}

/** How it is where there are neither locks nor channels. */
export function removeTabs(): void {
  vi.stubGlobal("BroadcastChannel", undefined);
}

function allTabs(): Set<Tab> {
  return new Set([current, ...channels.map((one) => one.tab)]);
}
