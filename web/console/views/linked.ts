/** A plain text with its web addresses as links. They open beside the console, and learn nothing about it. */
import { html } from "lit";
import { LINK_REL, split } from "../../common/links";

export function linked(text: string) {
  return split(text).map((part) =>
    part.kind === "link" ? html`<a href=${part.href} target="_blank" rel=${LINK_REL}>${part.text}</a>` : part.text,
  );
}
