/** How the recipients of a message look. */
import { css } from "lit";

export const recipientStyles = css`
  :host {
    display: block;
    min-inline-size: 0;
  }

  .head {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 1rem;
    align-items: center;
    padding: 1rem 1.5rem 0.75rem;
  }

  .head h2 {
    flex: 1;
  }

  .pad {
    padding: 0 1.5rem 0.75rem;
  }

  .filters {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem 1rem;
    align-items: end;
    padding: 0 1.5rem 1rem;
    border-block-end: 1px solid var(--_hub-line);
  }

  hub-scope-filter {
    flex: 1 1 16rem;
    max-inline-size: 28rem;
  }

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

  .row {
    display: grid;
    grid-template: "who read" auto "where where" auto / minmax(0, 1fr) auto;
    gap: 0 1rem;
    align-items: baseline;
    padding: 0.625rem 1.5rem;
    overflow-wrap: anywhere;
  }

  .row + .row {
    border-block-start: 1px solid var(--_hub-line);
  }

  .who {
    grid-area: who;
  }

  .where {
    grid-area: where;
  }

  .read {
    display: flex;
    grid-area: read;
    gap: 0.25rem;
    align-items: center;
  }

  @container (max-width: 30rem) {
    .row {
      grid-template: "who" auto "where" auto "read" auto / minmax(0, 1fr);
    }
  }

  .read svg {
    inline-size: 1rem;
    block-size: 1rem;
    color: var(--_hub-success);
  }

  @media print {
    .filters,
    .end {
      display: none;
    }
  }
`;
