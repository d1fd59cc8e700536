/** Tells a list when its end is nearly visible, so that it loads the next page before the user gets there. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** How far below the visible part the end may be. */
const MARGIN = "600px";

export class NearEnd implements ReactiveController {
  readonly #host: ReactiveControllerHost & { renderRoot: Element | DocumentFragment };
  readonly #reached: () => void;
  #observer: IntersectionObserver | null = null;
  #watched: Element | null = null;
  #isNear = false;

  /** Watches the element with the class `end`, whenever the host has rendered one. */
  constructor(host: ReactiveControllerHost & { renderRoot: Element | DocumentFragment }, reached: () => void) {
    this.#host = host;
    this.#reached = reached;
    host.addController(this);
  }

  hostConnected(): void {
    this.#observer = new IntersectionObserver(
      (entries) => {
        this.#isNear = entries.at(-1)?.isIntersecting ?? false;
        if (this.#isNear) this.#reached();
      },
      { rootMargin: MARGIN },
    );
  }

  hostUpdated(): void {
    const end = this.#host.renderRoot.querySelector(".end");
    if (end !== this.#watched) {
      this.#observer?.disconnect();
      this.#isNear = false;
      if (end) this.#observer?.observe(end);
      this.#watched = end;
    } else if (this.#isNear) {
      // A short page may leave the end in sight: nothing moves, so nothing would be observed.
      this.#reached();
    }
  }

  hostDisconnected(): void {
    this.#observer?.disconnect();
    this.#watched = null;
  }
}
