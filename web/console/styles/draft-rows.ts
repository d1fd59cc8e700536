/** How the list of drafts looks. */
import { css } from "lit";

export const draftRowStyles = css`
  section.card {
    overflow: clip;
  }

  h2 {
    padding: 0.375rem 1.25rem;
    border-block: 1px solid var(--_hub-line);
    background: var(--_hub-surface);
    font-size: 0.8125rem;
    font-weight: 500;
    color: var(--_hub-muted);
  }

  h2:first-child {
    border-block-start: 0;
  }

  .state h2 {
    padding: 0;
    border: 0;
    background: none;
    font-size: 1.125rem;
    color: inherit;
  }

  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }

  .row {
    position: relative;
    display: flex;
    gap: 0.5rem 1rem;
    align-items: center;
    justify-content: space-between;
    padding: 0.75rem 0.75rem 0.75rem 1.25rem;
  }

  .row + .row {
    border-block-start: 1px solid var(--_hub-line);
  }

  .row:hover {
    background: color-mix(in srgb, var(--_hub-surface) 60%, transparent);
  }

  .what {
    display: grid;
    flex: 1;
    gap: 0.125rem;
    min-inline-size: 0;
  }

  h3 {
    font-size: inherit;
    font-weight: 500;
    overflow-wrap: anywhere;
  }

  h3 a {
    color: inherit;
    text-decoration: none;
  }

  /* The whole row is the link. */
  h3 a::after {
    position: absolute;
    inset: 0;
    content: "";
  }

  .row .button {
    position: relative;
    z-index: 1;
    min-inline-size: var(--_hub-target);
    min-block-size: var(--_hub-target);
  }

  @container (max-width: 30rem) {
    .row:has(.button:not(.icon)) {
      flex-wrap: wrap;
    }

    .row:has(.button:not(.icon)) .what {
      flex-basis: 100%;
    }
  }

  .excerpt {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
`;
