/**
 * Where focus and scrolling go when another page is shown: to its heading and its top; back from a message, to where it was opened.
 * Used by the console alone.
 */
import type { LitElement } from "lit";
import type { Route } from "./logic/routes";
import { scrollerOf } from "./views/scroller";

type List = LitElement & { focusMessage(id: string): Promise<boolean> };

export class Arrival {
  readonly #console: LitElement;
  /** How far the list of sent messages was scrolled when one of them was opened. */
  #listTop = 0;
  /** The address of the page from which the one for writing was opened. */
  origin = "#/";

  constructor(console: LitElement) {
    this.#console = console;
  }

  /** To be called before the new page is drawn. `address`: that of the page that is left. */
  leave(before: Route, after: Route, address: string): void {
    if (before.page !== "compose") this.origin = new URL(address).hash || "#/";
    if (after.page === "message" && isList(before)) this.#listTop = this.#scroller.scrollTop;
  }

  async arrive(before: Route, after: Route): Promise<void> {
    await this.#console.updateComplete;
    if (before.page === "message" && isList(after)) {
      const list = this.#list;
      await list?.updateComplete;
      this.#scroller.scrollTop = this.#listTop;
      if (await list?.focusMessage(before.id)) return;
    }
    // A search or filter only changes what the list has in it.
    if (isList(before) && isList(after) && (await this.#isInList())) return;
    this.#scroller.scrollTop = 0;
    await this.focusHeading();
  }

  get #scroller(): Element {
    return scrollerOf(this.#console) ?? document.scrollingElement ?? document.documentElement;
  }

  async #isInList(): Promise<boolean> {
    await this.#list?.updateComplete;
    return this.#console.shadowRoot?.activeElement?.localName === "hub-sent-page";
  }

  get #list(): List | null {
    return this.#console.renderRoot.querySelector<List>("hub-sent-page");
  }

  /** Focuses the heading of the page that is shown. */
  async focusHeading(): Promise<void> {
    await this.#console.updateComplete;
    const root = this.#console.renderRoot;
    const view = root.querySelector<LitElement>("hub-message-page") ?? root.querySelector<LitElement>("hub-sign-in");
    await view?.updateComplete;
    const heading = view ? view.renderRoot.querySelector("h1") : root.querySelector("h1");
    heading?.focus({ preventScroll: true });
  }
}

function isList({ page }: Route): boolean {
  return page === "messages" || page === "home";
}
