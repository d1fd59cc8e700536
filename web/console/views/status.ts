/** A message's state as a small label: picture, word and colour, never the colour alone. */
import { css, html, nothing } from "lit";
import type { Message } from "../../api";
import { status } from "../logic/wording";
import { icon } from "./icons";

export const statusStyles = css`
  .status {
    display: inline-flex;
    align-items: center;
    gap: 0.25rem;
    padding: 0.125rem 0.625rem 0.125rem 0.5rem;
    border: 1px solid transparent;
    border-radius: 1rem;
    background: var(--_hub-surface);
    color: var(--_hub-muted);
    font-size: 0.8125rem;
    font-weight: 500;
  }

  .status svg {
    inline-size: 1rem;
    block-size: 1rem;
  }

  .status.queued,
  .status.sending {
    background: var(--_hub-accent-soft);
    color: var(--_hub-accent);
  }

  .status.recalled {
    background: var(--_hub-danger-soft);
    color: var(--_hub-danger);
  }
`;

/** Nothing for a message that is sent, as nearly all of them are. */
export function statusLabel(message: Message) {
  if (message.status === "sent" && !message.entries_dropped) return nothing;
  const picture = message.status === "recalled" ? "recall" : "clock";
  return html`<span class="status ${message.status}">${icon(picture)}${status(message)}</span>`;
}
