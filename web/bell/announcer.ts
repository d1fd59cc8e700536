/** Announces arrivals: those that come together in one sentence, and none while the page is hidden. */
import type { BellEvent } from "./events";
import type { Translate } from "./strings";

const GATHER_MS = 400;

export class Announcer {
  readonly #announce: (text: string) => void;
  #titles: string[] = [];
  #unnamed = 0;
  #unseen: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(announce: (text: string) => void) {
    this.#announce = announce;
  }

  /** `unseen`: how many are unseen once this event is known. */
  onEvent(event: BellEvent | undefined, unseen: number | undefined, translate: Translate): void {
    if (event?.kind === "arrived") this.#titles.push(event.notification.title);
    // Without a stream only their number is known.
    else if (event?.kind === "counts") this.#unnamed += Math.max(0, (unseen ?? 0) - (this.#unseen ?? unseen ?? 0));
    this.#unseen = unseen;
    if (this.#titles.length + this.#unnamed > 0) this.#timer ??= setTimeout(() => this.#flush(translate), GATHER_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#titles = [];
    this.#unnamed = 0;
    this.#unseen = undefined;
  }

  #flush(translate: Translate): void {
    const count = Math.max(this.#titles.length, this.#unnamed);
    const [title] = this.#titles;
    this.#timer = undefined;
    this.#titles = [];
    this.#unnamed = 0;
    if (document.hidden) return;
    this.#announce(
      count === 1 && title !== undefined ? translate("arrived", { title }) : translate("new_messages", { count }),
    );
  }
}
