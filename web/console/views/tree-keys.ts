/**
 * The keyboard in the tree of organisations and clinics: Tab stops at one of its boxes; arrow keys move between them, and open and
 * close organisations.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";

type Host = ReactiveControllerHost & { readonly renderRoot: Element | DocumentFragment };

export class TreeKeys implements ReactiveController {
  readonly #host: Host;
  readonly #toggle: (organisation: string) => void;
  /** The box that Tab enters the tree at. */
  #current = "";

  /** `toggle` opens or closes an organisation, by its id. */
  constructor(host: Host, toggle: (organisation: string) => void) {
    this.#host = host;
    this.#toggle = toggle;
    host.addController(this);
  }

  hostUpdated(): void {
    const boxes = this.boxes();
    this.makeTabStop(boxes.find((box) => box.value === this.#current) ?? boxes[0]);
  }

  boxes(): HTMLInputElement[] {
    return [...this.#host.renderRoot.querySelectorAll<HTMLInputElement>(".tree input")];
  }

  makeTabStop(box: HTMLInputElement | undefined): void {
    if (!box || box.tabIndex === 0) return;
    for (const other of this.#host.renderRoot.querySelectorAll<HTMLInputElement>('.tree input[tabindex="0"]'))
      other.tabIndex = -1;
    box.tabIndex = 0;
    this.#current = box.value;
  }

  readonly onFocus = (event: FocusEvent) => {
    if (event.target instanceof HTMLInputElement) this.makeTabStop(event.target);
  };

  readonly onKey = (event: KeyboardEvent) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || event.altKey || event.ctrlKey || event.metaKey) return;
    const boxes = this.boxes();
    const position = boxes.indexOf(box);
    const moves: Record<string, number> = {
      ArrowDown: position + 1,
      ArrowUp: position - 1,
      Home: 0,
      End: boxes.length - 1,
    };
    const move = moves[event.key];
    if (move !== undefined) focusOn(boxes[move]);
    else if (event.key === "ArrowRight") this.#openOrEnter(box, boxes[position + 1]);
    else if (event.key === "ArrowLeft") this.#closeOrLeave(box, boxes);
    else if (event.key === "Enter") box.click();
    else return;
    event.preventDefault();
  };

  #openOrEnter(box: HTMLInputElement, next: HTMLInputElement | undefined): void {
    const opener = openerOf(box);
    if (opener?.ariaExpanded === "false") this.#toggle(opener.value);
    else if (opener) focusOn(next);
  }

  #closeOrLeave(box: HTMLInputElement, boxes: HTMLInputElement[]): void {
    const opener = openerOf(box);
    if (opener?.ariaExpanded === "true") this.#toggle(opener.value);
    else if (box.dataset.clinic)
      focusOn(boxes.find(({ value }) => value === `organisation ${box.dataset.organisation}`));
  }
}

function openerOf(box: HTMLInputElement): HTMLButtonElement | null {
  return box.closest(".row")?.querySelector<HTMLButtonElement>(".opener") ?? null;
}

function focusOn(box: HTMLInputElement | undefined): void {
  box?.focus();
  box?.scrollIntoView({ block: "nearest" });
}
