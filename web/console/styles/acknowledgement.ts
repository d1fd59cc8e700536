/** How the card with the acknowledgements of a message looks, and the reminder in it. */
import { css } from "lit";

export const acknowledgementStyles = css`
  :host {
    display: block;
    min-inline-size: 0;
  }

  .pad {
    display: grid;
    gap: 0.5rem;
    align-content: start;
    padding: 1.25rem 1.5rem;
  }

  .pad .state {
    padding: 1rem 0;
  }

  .numbers {
    display: grid;
    gap: 0.25rem;
  }

  .numbers li {
    display: flex;
    gap: 0.5rem;
    align-items: start;
  }

  .numbers svg {
    margin-block-start: 0.125rem;
  }

  .bad {
    color: var(--_hub-danger);
    font-weight: 500;
  }

  .files {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    margin-block-start: 0.5rem;
  }

  hub-confirmation p + p {
    margin-block-start: 0.5rem;
  }

  .field {
    display: grid;
    gap: 0.25rem;
    margin-block-start: 1rem;
  }

  .error.pad {
    padding: 0;
  }

  hub-remind {
    margin-block-start: 0.5rem;
  }
`;
