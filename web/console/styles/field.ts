/** How a field with a picture at its beginning and a button to clear it looks. */
import { css } from "lit";

export const fieldStyles = css`
  .field {
    position: relative;
    margin-block-start: 0.25rem;
  }

  .field > svg {
    position: absolute;
    inset-block: 0;
    inset-inline-start: 0.75rem;
    margin-block: auto;
    color: var(--_hub-muted);
  }

  .field > input {
    padding-inline: 2.5rem var(--_hub-target);
    text-overflow: ellipsis;
  }

  /* There is a button of our own, which the keyboard reaches too. */
  input::-webkit-search-cancel-button {
    display: none;
  }

  .field > .clear {
    position: absolute;
    inset-block: 0;
    inset-inline-end: 0;
  }
`;
