/**
 * Opens, places and closes the panel. The browser's own popover lifts the panel above everything in the page and closes it by Escape
 * or a click elsewhere; the rest is here.
 */
import { type Placement, place } from "./place";

interface Host extends HTMLElement {
  readonly renderRoot: HTMLElement | DocumentFragment;
}

export class Popup {
  readonly #host: Host;
  readonly #onOpen: (isOpen: boolean) => void;
  #placement: Placement = "bottom-end";
  #frame = 0;
  #shown: AbortController | undefined;
  /** Or about to be: the button opens and closes the panel without any help from here. */
  #isShown = false;

  constructor(host: Host, onOpen: (isOpen: boolean) => void) {
    this.#host = host;
    this.#onOpen = onOpen;
  }

  show(placement: Placement, theme: string | undefined): void {
    this.#placement = placement;
    this.#panel.style.colorScheme = theme ?? this.#schemeOfPage() ?? "";
    this.#place();
    if (!this.#isShown) this.#panel.showPopover?.();
    this.#shown = new AbortController();
    const { signal } = this.#shown;
    window.addEventListener("scroll", this.#onMove, { capture: true, passive: true, signal });
    window.addEventListener("resize", this.#onMove, { signal });
  }

  hide(): void {
    this.#shown?.abort();
    cancelAnimationFrame(this.#frame);
    if (this.#isShown) this.#panel.hidePopover?.();
  }

  readonly onBeforeToggle = (event: ToggleEvent): void => {
    this.#isShown = event.newState === "open";
    if (this.#isShown) this.#onOpen(true);
  };

  /**
   * Later than `beforetoggle`: the panel keeps what is in it, and with it the focus, until it has gone. The browser gives the focus
   * back to the bell in most cases only.
   */
  readonly onToggle = (event: ToggleEvent): void => {
    if (event.newState === "open") return;
    this.#onOpen(false);
    const inside = this.#host.shadowRoot?.activeElement ?? null;
    if (document.activeElement === document.body || this.#panel.contains(inside)) this.#find("#bell")?.focus();
  };

  /** Who leaves the panel by Tab is not to find it lying over what is focused then. */
  readonly onFocusOut = (event: FocusEvent): void => {
    const next = event.relatedTarget;
    if (next instanceof Node && next !== this.#host && !this.#host.renderRoot.contains(next)) this.#onOpen(false);
  };

  readonly #onMove = (): void => {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#place());
  };

  #place(): void {
    const panel = this.#panel;
    const style = getComputedStyle(this.#host);
    const view = { width: document.documentElement.clientWidth, height: window.innerHeight };
    const wanted = { width: number(style, "--hub-panel-width", 400), height: number(style, "--hub-panel-height", 640) };
    const anchor = (this.#find("#bell") ?? this.#host).getBoundingClientRect();
    const at = place(anchor, view, wanted, this.#placement, style.direction === "rtl");
    Object.assign(panel.style, { top: "auto", bottom: "auto" });
    for (const [name, value] of Object.entries(at)) panel.style[name as "top"] = `${value}px`;
  }

  /** A page that says it is light is light in a dark system too, and its panel with it. */
  #schemeOfPage(): string | undefined {
    const scheme = getComputedStyle(this.#host.parentElement ?? document.documentElement).colorScheme;
    return scheme === "normal" ? undefined : scheme;
  }

  get #panel(): HTMLElement {
    return this.#find("#panel") as HTMLElement;
  }

  #find(selector: string): HTMLElement | null {
    return this.#host.renderRoot.querySelector<HTMLElement>(selector);
  }
}

/** A length in pixels that the page gave, as `440px` or `440`. */
function number(style: CSSStyleDeclaration, name: string, otherwise: number): number {
  return Number.parseFloat(style.getPropertyValue(name)) || otherwise;
}
