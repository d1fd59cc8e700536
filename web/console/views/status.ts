/** What sets a message apart, as small labels: picture, word and colour, never the colour alone. */
import { css, html, nothing } from "lit";
import type { Message } from "../../api";
import { categoryName } from "../logic/options";
import { status } from "../logic/wording";
import { translate } from "../strings";
import { type IconName, icon } from "./icons";

export const statusStyles = css`
  .labels {
    display: flex;
    flex-wrap: wrap;
    gap: 0.375rem;
  }

  .status {
    display: inline-flex;
    align-items: center;
    gap: 0.25rem;
    padding: 0.125rem 0.625rem 0.125rem 0.5rem;
    border: 1px solid var(--_hub-line);
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
    border-color: transparent;
    background: var(--_hub-accent-soft);
    color: var(--_hub-accent);
  }

  .status.important {
    border-color: currentcolor;
    background: none;
    color: var(--_hub-text);
  }

  .status.overdue,
  .status.recalled {
    border-color: transparent;
    background: var(--_hub-danger-soft);
    color: var(--_hub-danger);
  }
`;

export interface Label {
  readonly kind: string;
  readonly picture: IconName;
  readonly text: string;
}

/** Nothing for most messages: sent, of no category and of normal priority. `others` stand behind. */
export function labels(message: Message, others: readonly Label[] = []) {
  const { status: state, priority, category, expired, entries_dropped, superseded_at } = message;
  const isOrdinary = state === "sent" && !expired && !entries_dropped;
  const isPlain = priority === "normal" && category === null && superseded_at === null;
  if (isOrdinary && isPlain && others.length === 0) return nothing;
  return html`<span class="labels">
    ${priority === "important" ? html`<span class="status important">${icon("important")}${translate("options_important")}</span>` : nothing}
    ${category === null ? nothing : html`<span class="status"><bdi>${categoryName(category)}</bdi></span>`}
    ${superseded_at === null ? nothing : html`<span class="status">${icon("replace")}${translate("correction_replaced")}</span>`}
    ${isOrdinary ? nothing : html`<span class="status ${state}">${icon(state === "recalled" ? "recall" : "clock")}${status(message)}</span>`}
    ${others.map(({ kind, picture, text }) => html`<span class="status ${kind}">${icon(picture)}${text}</span>`)}
  </span>`;
}
