/** A message's state as a small label: picture, word and colour, never the colour alone. */
import { css, html } from "lit";
import type { Message } from "../../api";
import { status } from "../logic/wording";
import { type IconName, icon } from "./icons";

const PICTURES: Record<Message["status"], IconName> = {
  queued: "clock",
  sending: "send",
  sent: "check",
  recalled: "recall",
};

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
    white-space: nowrap;
  }

  .status svg {
    inline-size: 1rem;
    block-size: 1rem;
  }

  .status.sent {
    color: var(--_hub-success);
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

export function statusLabel(message: Message) {
  return html`<span class="status ${message.status}">${icon(PICTURES[message.status])}${status(message)}</span>`;
}
