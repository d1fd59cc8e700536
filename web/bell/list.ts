/**
 * The notifications as `<li>` elements, each staying the same element for as long as it is listed: one that comes in above does
 * not take the focus, the selection or the place on the screen from the one that is being read. (Lit's own `repeat` does this for
 * any list at several times the size.)
 */
import { render } from "lit/html.js";
import type { Notification } from "../api";
import { type ItemActions, type Reader, renderItem } from "./item";

export function renderItems(
  list: Element,
  items: readonly Notification[],
  opened: ReadonlySet<string>,
  reader: Reader,
  actions: ItemActions,
): void {
  const gone = new Map([...list.querySelectorAll("li")].map((element) => [element.dataset.id, element]));
  const elements = items.map((item) => {
    const element = gone.get(item.id) ?? document.createElement("li");
    gone.delete(item.id);
    const isOpen = opened.has(item.id);
    element.className = `item${item.read_at === null ? " unread" : ""}${isOpen ? " open" : ""}`;
    element.dataset.id = item.id;
    element.setAttribute("part", "item");
    render(renderItem(item, isOpen, reader, actions), element);
    return element;
  });
  // First what has gone, so that nothing that stays has to be moved.
  for (const element of gone.values()) element.remove();
  elements.forEach((element, index) => {
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
  });
}
