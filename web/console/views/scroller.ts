/** Which element scrolls another one. */

/** The closest one around `element` that scrolls, also outside shadow roots and slots. Null: the window scrolls. */
export function scrollerOf(element: Element): HTMLElement | null {
  let node: Node | null = element;
  while (node !== null) {
    if (node instanceof HTMLElement && isScroller(node)) return node;
    const slot: Node | null = node instanceof Element ? node.assignedSlot : null;
    node = slot ?? (node instanceof ShadowRoot ? node.host : node.parentNode);
  }
  return null;
}

function isScroller(element: HTMLElement): boolean {
  if (!/auto|scroll/.test(getComputedStyle(element).overflowY)) return false;
  // The window takes over the overflow of the body, unless the root element has one of its own.
  return element !== document.body || getComputedStyle(document.documentElement).overflowY !== "visible";
}
