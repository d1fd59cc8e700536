/**
 * A list that grows by pages as somebody scrolls, newest first. Pure but for the `load` it is given.
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
  readonly #load: Load<T>;
  readonly #changed: () => void;
  readonly #abort = new AbortController();
  #cursor: string | null = null;
  #isRefreshing = false;

  constructor(load: Load<T>, changed: () => void) {
    this.#load = load;
    this.#changed = changed;
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

  /** Brings the newest page up to date. A failure says nothing new about what is shown, and stays silent. */
  async refresh(): Promise<void> {
    if (this.#isRefreshing || this.status === "loading" || (this.status === "failed" && this.items.length === 0))
      return;
    this.#isRefreshing = true;
    try {
      const page = await this.#load(null, this.#abort.signal);
      if (!this.#isOver()) this.#merge(page);
    } catch {
      // The next refresh comes by itself.
    } finally {
      this.#isRefreshing = false;
    }
  }

  /** Puts a newer version of one item in its place. */
  replace(item: T): void {
    this.items = this.items.map((known) => (known.id === item.id ? item : known));
    this.#changed();
  }

  /** Takes one item out. */
  remove(id: string): void {
    this.items = this.items.filter((known) => known.id !== id);
    this.#changed();
  }

  /** Drops whatever is on its way. The list is not used any more. */
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

  #merge(page: Page<T>): void {
    const last = page.data.at(-1);
    const position = this.items.findIndex((item) => item.id === last?.id);
    if (position >= 0) {
      this.items = [...page.data, ...this.items.slice(position + 1)];
    } else {
      // More arrived than one page holds, or nothing is left of what was there: begin anew.
      this.items = page.data;
      if (this.status !== "loading") this.#follow(page);
    }
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
