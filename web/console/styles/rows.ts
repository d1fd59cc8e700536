/** How the list of sent messages looks: columns where there is room, one below the other where there is not. */
import { css } from "lit";

export const rowStyles = css`
  section.card {
    overflow: clip;
  }

  .filter {
    max-inline-size: 28rem;
    margin-block-end: 1.25rem;
  }

  .row {
    position: relative;
    display: grid;
    grid-template: "what state" auto "to to" auto "from view" auto / 1fr auto;
    gap: 0.5rem 1rem;
    padding: 1rem 1.25rem;
    border-block-end: 1px solid var(--_hub-line);
  }

  .rows > :last-child {
    border-block-end: 0;
  }

  .row:hover {
    background: var(--_hub-surface);
  }

  .what {
    grid-area: what;
    min-inline-size: 0;
  }

  .row h2 {
    font-size: 1rem;
    overflow-wrap: anywhere;
  }

  .excerpt {
    overflow: hidden;
    font-size: 0.8125rem;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .to {
    grid-area: to;
  }

  .from {
    grid-area: from;
  }

  .summary {
    overflow-wrap: anywhere;
  }

  .state-cell {
    grid-area: state;
  }

  .view {
    grid-area: view;
    align-self: end;
  }

  /* The whole row opens the message for a mouse or a finger. */
  .view::after {
    position: absolute;
    inset: 0;
    content: "";
  }

  hub-time {
    position: relative;
    z-index: 1;
  }

  .end {
    display: grid;
    justify-items: center;
    gap: 0.75rem;
    padding: 1.25rem;
    border-block-start: 1px solid var(--_hub-line);
    text-align: center;
  }

  @container (min-width: 30rem) {
    .row {
      grid-template: "what what state" auto "to from view" auto / 1fr 1fr auto;
    }
  }

  @container (min-width: 54rem) {
    .row {
      grid-template: "what to from state view" auto / minmax(0, 1fr) 12.5rem 9rem 6.75rem auto;
      align-items: center;
      padding-inline-end: 0.75rem;
    }

    .view {
      align-self: center;
    }
  }
`;
