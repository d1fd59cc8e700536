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
