/**
 * A list that grows by pages as the user scrolls, newest first. Pure but for the `load` it is given.
 *
 * One page is asked for at a time; what arrives for an older list (another filter, another user) is dropped.
 */

export interface Page<T> {
  data: T[];
  has_more: boolean;
  next_cursor: string | null;
}

export type Load<T> = (after: string | null, signal: AbortSignal) => Promise<Page<T>>;

/** `idle`: there is more to ask for. */
export type Status = "loading" | "idle" | "failed" | "complete";

export class Pages<T extends { id: string }> {
  items: T[] = [];
  status: Status = "loading";
  error: unknown = null;
  /** How many new ones wait for `showArrivals`, and whether there are more than those. */
  arrivals = 0;
  hasMoreArrivals = false;
  readonly #load: Load<T>;
  readonly #isHeld: () => boolean;
  readonly #changed: () => void;
  readonly #abort = new AbortController();
  #cursor: string | null = null;
  /** Where the loaded pages after the first begin. */
  #older: string[] = [];
  #turn = 0;
  #arrived: Page<T> | null = null;
  #isRefreshing = false;

  /** While `isHeld`, nothing is put above what is shown. */
  constructor(load: Load<T>, changed: () => void, isHeld: () => boolean = () => false) {
    this.#load = load;
    this.#changed = changed;
    this.#isHeld = isHeld;
  }

  /** Asks for the first page. */
  start(): Promise<void> {
    return this.#next();
  }

  /** Asks for the next page; nothing happens while one is on its way, when one has failed, or when all are there. */
  async more(): Promise<void> {
    if (this.status === "idle") await this.#next();
  }

  /** Asks again for the page that failed. */
  async retry(): Promise<void> {
    if (this.status === "failed") await this.#next();
  }

  /** Brings the newest page up to date, and one of the older ones that are loaded, each in its turn. A failure says nothing new about what is shown, and stays silent. */
  async refresh(): Promise<void> {
    if (this.#isRefreshing || this.status === "loading" || (this.status === "failed" && this.items.length === 0))
      return;
    this.#isRefreshing = true;
    try {
      const page = await this.#load(null, this.#abort.signal);
      if (!this.#isOver()) this.#merge(page);
      this.#turn += 1;
      const older = this.#older[this.#turn % this.#older.length];
      const others = older === undefined ? null : await this.#load(older, this.#abort.signal);
      if (others && !this.#isOver()) this.#mergeOlder(others.data);
    } catch {
      // The next refresh comes by itself.
    } finally {
      this.#isRefreshing = false;
    }
  }

  /** Reads the first page again in place, unless more than that is shown. For lists that are not in the order of time. */
  async reload(): Promise<void> {
    if (this.status === "loading" || this.status === "failed" || this.#older.length > 0) return;
    const page = await this.#load(null, this.#abort.signal).catch(() => null);
    if (!page || this.#isOver() || this.#older.length > 0) return;
    this.items = page.data;
    this.#follow(page);
    this.#changed();
  }

  /** Puts the new ones on top. */
  showArrivals(): void {
    if (this.#arrived) this.#merge(this.#arrived, true);
  }

  /** Brings one item up to date. */
  replace(item: Partial<T> & { id: string }): void {
    this.items = this.items.map((known) => (known.id === item.id ? { ...known, ...item } : known));
    this.#changed();
  }

  /** Aborts the request under way. The list is not used any more. */
  close(): void {
    this.#abort.abort();
  }

  async #next(): Promise<void> {
    this.status = "loading";
    this.error = null;
    this.#changed();
    try {
      const page = await this.#load(this.#cursor, this.#abort.signal);
      if (this.#isOver()) return;
      if (this.#cursor !== null) this.#older.push(this.#cursor);
      const known = new Set(this.items.map((item) => item.id));
      this.items = [...this.items, ...page.data.filter((item) => !known.has(item.id))];
      this.#follow(page);
    } catch (error) {
      if (this.#isOver()) return;
      this.status = "failed";
      this.error = error;
    }
    this.#changed();
  }

  /** `page` is the newest one. Where it does not reach the items of the list, that stays as it is until `showArrivals`. */
  #merge(page: Page<T>, isWanted = false): void {
    const known = new Set(this.items.map((item) => item.id));
    const fresh = page.data.filter((item) => !known.has(item.id));
    const last = page.data.at(-1);
    const position = this.items.findIndex((item) => item.id === last?.id);
    const isApart = position < 0 && page.has_more && this.items.length > 0;
    const waits = !isWanted && fresh.length > 0 && (isApart || this.#isHeld());
    this.#arrived = waits ? page : null;
    this.arrivals = waits ? fresh.length : 0;
    this.hasMoreArrivals = waits && isApart;
    if (waits && isApart) {
      this.#changed();
      return;
    }
    const top = waits ? page.data.filter((item) => known.has(item.id)) : page.data;
    if (position >= 0) {
      this.items = [...top, ...this.items.slice(position + 1)];
    } else {
      this.items = top;
      this.#older = [];
      if (this.status !== "loading") this.#follow(page);
    }
    this.#changed();
  }

  #mergeOlder(data: readonly T[]): void {
    const from = this.items.findIndex((item) => item.id === data[0]?.id);
    const to = this.items.findIndex((item) => item.id === data.at(-1)?.id);
    if (from < 0 || to < from) return;
    this.items = [...this.items.slice(0, from), ...data, ...this.items.slice(to + 1)];
    this.#changed();
  }

  #follow(page: Page<T>): void {
    this.#cursor = page.next_cursor;
    this.status = page.has_more ? "idle" : "complete";
  }

  #isOver(): boolean {
    return this.#abort.signal.aborted;
  }
}
