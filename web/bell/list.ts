/**
 * The notifications as `<li>` elements, each staying the same element for as long as it is listed: one that comes in above does
 * not take the focus, the selection or the place on the screen from the one that is being read. (Lit's own `repeat` does this for
 * any list at several times the size.)
 */
import { render } from "lit/html.js";
import type { Notification } from "../api";
import { type ItemActions, type Reader, renderItem } from "./item";

/** What the `<ul>` elements show, in their order; a notification is in one of them at most. */
export interface Lists {
  /** What a link leads to and no list has. */
  readonly linked: readonly Notification[];
  /** What was still to be acknowledged when it was first shown. */
  readonly asked: readonly Notification[];
  readonly pinned: readonly Notification[];
  /** The others, newest first. */
  readonly items: readonly Notification[];
}

export function renderItems(
  root: HTMLElement | DocumentFragment,
  { linked, asked, pinned, items }: Lists,
  opened: ReadonlySet<string>,
  reader: Reader,
  actions: ItemActions,
): void {
  const gone = new Map([...root.querySelectorAll("li")].map((element) => [element.dataset.id, element]));
  const focused = (root as ShadowRoot).activeElement as HTMLElement | null;
  const elements = [linked, asked, pinned, items].map((list) =>
    list.map((item) => {
      const element = gone.get(item.id) ?? document.createElement("li");
      gone.delete(item.id);
      const isOpen = opened.has(item.id);
      element.className = `item${item.read_at === null ? " unread" : ""}${isOpen ? " open" : ""}`;
      element.dataset.id = item.id;
      element.setAttribute("part", "item");
      render(renderItem(item, isOpen, reader, actions), element);
      return element;
    }),
  );
  // First what has gone, so that nothing that stays has to be moved.
  for (const element of gone.values()) element.remove();
  root.querySelectorAll("ul").forEach((list, at) => {
    elements[at]?.forEach((element, index) => {
      if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    });
  });
  // One that was moved from one list to the other has lost it.
  if (focused?.isConnected && focused !== (root as ShadowRoot).activeElement) focused.focus();
}
