/**
 * Says aloud what is new: the text of the live region. What comes at once is said as one sentence, and nothing is said in a page
 * that nobody looks at.
 */
import type { BellEvent } from "./events";
import type { Translate } from "./strings";

const GATHER_MS = 400;

export class Announcer {
  readonly #write: (text: string) => void;
  #titles: string[] = [];
  #untold = 0;
  #unseen: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** `unseen`: how many are unseen once this event is known. */
  onEvent(event: BellEvent | undefined, unseen: number | undefined, translate: Translate): void {
    if (event?.kind === "arrived") this.#titles.push(event.notification.title);
    // Without a stream only the number tells that something has come.
    else if (event?.kind === "counts") this.#untold += Math.max(0, (unseen ?? 0) - (this.#unseen ?? unseen ?? 0));
    this.#unseen = unseen;
    if (this.#titles.length + this.#untold > 0) this.#timer ??= setTimeout(() => this.#flush(translate), GATHER_MS);
  }

  announce(text: string): void {
    // Emptied first: the same text again would be no change, and not said.
    this.#write("");
    setTimeout(() => this.#write(text), 50);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#titles = [];
    this.#untold = 0;
    this.#unseen = undefined;
  }

  #flush(translate: Translate): void {
    const count = Math.max(this.#titles.length, this.#untold);
    const [title] = this.#titles;
    this.#timer = undefined;
    this.#titles = [];
    this.#untold = 0;
    if (document.hidden) return;
    this.announce(
      count === 1 && title !== undefined ? translate("arrived", { title }) : translate("new_messages", { count }),
    );
  }
}
