/**
 * The bar at the lower edge of the compose page: how many people a message reaches, and the button. It stays in sight; scrolling
 * keeps its height free, so that it never covers the element with the focus.
 */
import { html, nothing, type ReactiveController, type ReactiveControllerHost } from "lit";
import { people } from "../logic/wording";
import { translate } from "../strings";
import { icon } from "./icons";
import type { Reach } from "./reach";
import { scrollerOf } from "./scroller";

export function footer(reach: Reach, retry: () => void, schedule: (() => void) | null) {
  return html`<div class="footer card">
    <div class="reach">
      ${icon("people")}
      <p role="status" translate="no">${reachText(reach)}</p>
      ${
        reach.state === "failed"
          ? html`<button class="button quiet" type="button" @click=${retry}>${translate("retry")}</button>`
          : nothing
      }
    </div>
    ${
      schedule
        ? html`<button class="button" type="button" @click=${schedule}>${icon("clock")}${translate("schedule")}</button>`
        : nothing
    }
    <button class="button primary send" type="submit">${icon("send")}${translate("compose_review")}</button>
  </div>`;
}

export function reachText(reach: Reach): string {
  switch (reach.state) {
    case "none":
      return translate("compose_none");
    case "counting":
      return translate("counting");
    case "counted":
      return people(reach.count);
    case "failed":
      return translate("compose_not_counted");
  }
}

/** From the lower edge to the bar, and from the bar to what has the focus. */
const GAP_PX = 24;

/** Keeps the height of the bar free in what scrolls the page. */
export class FooterSpace implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #observer = new ResizeObserver(([entry]) => this.#reserve(entry?.target as HTMLElement));
  #bar: HTMLElement | null = null;
  #scroller: HTMLElement | null = null;

  constructor(host: ReactiveControllerHost & HTMLElement) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#scroller = scrollerOf(this.#host) ?? document.documentElement;
  }

  hostUpdated(): void {
    const bar = this.#host.shadowRoot?.querySelector<HTMLElement>(".footer") ?? null;
    if (bar === this.#bar) return;
    this.#bar = bar;
    this.#observer.disconnect();
    if (bar) this.#observer.observe(bar);
  }

  hostDisconnected(): void {
    this.#bar = null;
    this.#observer.disconnect();
    this.#scroller?.style.removeProperty("scroll-padding-block-end");
  }

  #reserve(bar: HTMLElement): void {
    this.#scroller?.style.setProperty("scroll-padding-block-end", `${bar.offsetHeight + GAP_PX}px`);
  }
}
