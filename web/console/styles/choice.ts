/** How a row of buttons looks of which one is chosen. */
import { css } from "lit";

export const choiceStyles = css`
  .choice {
    display: flex;
    border: 1px solid var(--_hub-control-line);
    border-radius: var(--_hub-radius);
    overflow: clip;
  }

  .choice button {
    min-block-size: var(--_hub-target);
    padding: 0.375rem 0.875rem;
    border: 0;
    background: transparent;
    cursor: pointer;
  }

  .choice button + button {
    border-inline-start: 1px solid var(--_hub-control-line);
  }

  .choice button:hover {
    background: var(--_hub-surface);
  }

  @container (max-width: 30rem) {
    .choice button {
      flex: auto;
      padding-inline: 0.5rem;
    }
  }

  .choice [aria-pressed="true"] {
    background: var(--_hub-accent-soft);
    color: var(--_hub-accent);
    font-weight: 500;
  }

  .choice button:focus-visible {
    outline-offset: -2px;
  }

  @media (forced-colors: active) {
    .choice [aria-pressed="true"] {
      background: Highlight;
      color: HighlightText;
      forced-color-adjust: none;
    }
  }
`;
