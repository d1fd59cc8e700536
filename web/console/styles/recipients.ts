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

  hub-scope-filter,
  hub-search-field {
    flex: 1 1 16rem;
    max-inline-size: 28rem;
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

  .read.overdue {
    color: var(--_hub-danger);
    font-weight: 500;
  }

  .read:is(.outstanding, .overdue, .left, .no_longer_asked) svg {
    color: inherit;
  }

  @media print {
    .filters,
    .end {
      display: none;
    }
  }
`;
