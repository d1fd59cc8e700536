/** How the options of a message look. */
import { css } from "lit";

export const optionStyles = css`
  .options {
    gap: 1rem;
  }

  .options .field {
    max-inline-size: 20rem;
  }

  .options .field .label {
    font-weight: 400;
  }

  .check {
    display: flex;
    gap: 0.625rem;
    align-items: center;
    min-block-size: 1.75rem;
    cursor: pointer;
  }

  @media (pointer: coarse), (max-width: 40rem) {
    .check {
      min-block-size: var(--_hub-target);
    }
  }

  .asked {
    display: grid;
    gap: 1.25rem;
    padding-inline-start: 1.25rem;
    border-inline-start: 2px solid var(--_hub-line);
  }

  .asked .field:not(.time) {
    max-inline-size: none;
  }

  .choices {
    gap: 0.25rem;
  }

  .choices legend {
    margin-block-end: 0.25rem;
    font-weight: 400;
  }

  .choices .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0 1.5rem;
  }

  .days {
    display: flex;
    gap: 0.5rem;
    align-items: center;
  }

  .days input {
    inline-size: 6rem;
  }

  .choices:focus {
    outline: none;
  }

  .hint,
  .time {
    margin-inline-start: 1.75rem;
  }

  .time {
    margin-block-start: 0.25rem;
  }

  /* A date with its time has a width of its own. */
  @container (max-width: 30rem) {
    .time {
      margin-inline-start: 0;
    }
  }
`;
