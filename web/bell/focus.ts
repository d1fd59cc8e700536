/** Keeps the keyboard's focus where its user would look for it, in a list of messages that changes by itself. */

interface Host {
  readonly renderRoot: HTMLElement | DocumentFragment;
}

const OPENER = "button.opener";

export class Focus {
  readonly #host: Host;
  #wasInside = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Up and down from one message to the next; Home and End to the first and the last. */
  onKeyDown(event: KeyboardEvent): void {
    const openers = this.#all(OPENER);
    const at = openers.indexOf(event.target as HTMLElement);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: openers.length - 1 };
    const to = openers[steps[event.key] ?? -1];
    if (at < 0 || !to || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    to.focus();
  }

  first(): void {
    this.#all(OPENER)[0]?.focus();
  }

  /** To this part of a message, or else to its line. */
  item(id: string, part = OPENER): void {
    const item = `[data-id="${id}"] `;
    (this.#all(item + part)[0] ?? this.#all(item + OPENER)[0])?.focus();
  }

  /** Before a message goes: to the one that takes its place. */
  neighbour(id: string): void {
    const items = this.#all("li.item");
    const at = items.findIndex((item) => item.dataset.id === id);
    const next = items[at + 1] ?? items[at - 1];
    (next?.querySelector<HTMLElement>(OPENER) ?? this.#panel)?.focus();
  }

  panel(): void {
    this.#panel?.focus();
  }

  /** Whether nothing in particular has it, as when what had it was removed. */
  get isFree(): boolean {
    return this.#panel?.matches(":focus") ?? false;
  }

  /** To be called after each update: focus that was on something removed goes to the panel. */
  keep(): void {
    if (document.activeElement === document.body && this.#wasInside) this.panel();
    this.#wasInside = Boolean(this.#panel?.matches(":focus-within"));
  }

  get #panel(): HTMLElement | undefined {
    return this.#all("#panel")[0];
  }

  #all(selector: string): HTMLElement[] {
    return [...this.#host.renderRoot.querySelectorAll<HTMLElement>(selector)];
  }
}
