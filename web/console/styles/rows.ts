/** How the list of sent messages looks: columns where there is room, one below the other where there is not. */
import { css } from "lit";

export const rowStyles = css`
  section.card {
    overflow: clip;
  }

  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem 1rem;
    margin-block-end: 1.25rem;
  }

  .tools > * {
    flex: 1 1 16rem;
    max-inline-size: 28rem;
  }

  .tools > .category {
    flex: 0 1 14rem;
  }

  .category select {
    margin-block-start: 0.25rem;
  }

  @container (max-width: 30rem) {
    .tools > .category {
      flex-basis: 100%;
    }
  }

  /* While the results of another search or filter are loading. */
  .old .rows {
    opacity: 0.6;
    transition: opacity 200ms 200ms;
  }

  .headings {
    display: none;
  }

  .date {
    padding: 0.375rem 1.25rem;
    border-block-end: 1px solid var(--_hub-line);
    background: var(--_hub-surface);
    font-size: 0.8125rem;
    color: var(--_hub-muted);
  }

  .rows + .date {
    border-block-start: 1px solid var(--_hub-line);
  }

  .row {
    position: relative;
    display: grid;
    grid-template: "what what what" auto "to to to" auto "from when rate" auto / fit-content(50%) auto 1fr;
    gap: 0.5rem 1rem;
    align-items: baseline;
    padding: 0.75rem 1.25rem;
  }

  .row + .row {
    border-block-start: 1px solid var(--_hub-line);
  }

  .row:hover {
    background: color-mix(in srgb, var(--_hub-surface) 60%, transparent);
  }

  .what {
    grid-area: what;
    min-inline-size: 0;
  }

  .row h3 {
    font-size: inherit;
    font-weight: 500;
    overflow-wrap: anywhere;
  }

  .row h3 a {
    color: inherit;
    text-decoration: none;
  }

  /* The whole row is the link. */
  .row h3 a::after {
    position: absolute;
    inset: 0;
    content: "";
  }

  .row:hover h3 a {
    text-decoration: underline;
  }

  .row h3 a:focus-visible {
    outline: none;
  }

  .row h3 a:focus-visible::after {
    outline: 2px solid var(--_hub-focus);
    outline-offset: -2px;
  }

  .excerpt {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .what .labels {
    margin-block-start: 0.375rem;
  }

  .to {
    grid-area: to;
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.5rem;
    align-items: baseline;
    overflow-wrap: anywhere;
  }

  .rate {
    grid-area: rate;
    text-align: end;
    white-space: nowrap;
  }

  .from {
    grid-area: from;
    color: var(--_hub-muted);
    font-size: 0.8125rem;
    overflow-wrap: anywhere;
  }

  .from .avatar {
    display: none;
  }

  .when {
    grid-area: when;
  }

  @container (min-width: 42rem) {
    .headings,
    .row {
      grid-template: "what to rate from" auto "what to rate when" 1fr / minmax(0, 1fr) 10rem 5rem 8rem;
      gap: 0 1.25rem;
    }

    .to {
      display: block;
    }

    .rate {
      text-align: start;
    }

    .from {
      color: inherit;
      font-size: inherit;
    }

    .from .avatar {
      display: inline-grid;
    }

    .headings {
      display: grid;
      padding: 0.625rem 1.25rem;
      border-block-end: 1px solid var(--_hub-line);
    }
  }

  @container (min-width: 58rem) {
    .headings,
    .row {
      grid-template-columns: minmax(0, 1fr) 15rem 6rem 9rem;
    }
  }
`;
