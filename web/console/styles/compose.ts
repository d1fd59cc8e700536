/** How the page for writing a message looks. */
import { css } from "lit";

export const composeStyles = css`
  .notes > * {
    margin-block-end: 1rem;
  }

  .notes li {
    margin-block-start: 0.25rem;
  }

  .columns {
    display: grid;
    gap: 1.5rem;
    align-items: start;
  }

  .fields {
    display: grid;
    gap: 1.5rem;
    min-inline-size: 0;
    padding: 1.5rem;
  }

  fieldset {
    display: grid;
    gap: 0.5rem;
    min-inline-size: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }

  legend {
    margin-block-end: 0.5rem;
    padding: 0;
  }

  .field {
    display: grid;
    gap: 0.25rem;
  }

  .field input,
  .field select,
  .field textarea {
    margin-block-start: 0.25rem;
  }

  textarea {
    min-block-size: 8rem;
    resize: vertical;
    field-sizing: content;
  }

  textarea[rows="2"] {
    min-block-size: 4rem;
  }

  .about {
    display: flex;
    flex-wrap: wrap;
    gap: 0 1rem;
    justify-content: space-between;
    font-variant-numeric: tabular-nums;
  }

  .about > :last-child {
    margin-inline-start: auto;
  }

  .over {
    color: var(--_hub-danger);
    font-weight: 600;
  }

  .removed {
    display: flex;
    gap: 0.375rem;
    margin-block-start: 0.25rem;
  }

  .kept {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0 0.5rem;
    margin-block: -0.5rem -0.75rem;
    margin-inline-end: -0.625rem;
  }

  .footer {
    display: flex;
    position: sticky;
    inset-block-end: max(0.75rem, env(safe-area-inset-bottom));
    z-index: 2;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.5rem 1rem;
    margin-block-start: 1.5rem;
    padding: 0.75rem 1rem 0.75rem 1.5rem;
    box-shadow: 0 2px 16px light-dark(rgb(16 34 48 / 12%), rgb(0 0 0 / 40%));
  }

  .reach {
    display: flex;
    flex: 1 1 auto;
    align-items: center;
    gap: 0.5rem;
    font-variant-numeric: tabular-nums;
  }

  .reach svg {
    color: var(--_hub-accent);
  }

  .preview {
    min-inline-size: 0;
  }

  .preview > h2 {
    margin-block-end: 0.5rem;
    font-weight: 500;
  }

  dl {
    margin-block: 0.75rem;
  }

  .links {
    display: block;
  }

  hub-preview + .muted {
    margin-block-start: 0.75rem;
  }

  @container (max-width: 30rem) {
    .fields {
      padding: 1rem;
    }

    /* As wide as the window, also where the page is narrower. */
    .footer {
      inset-block-end: 0;
      padding: 0.75rem 0 max(0.75rem, env(safe-area-inset-bottom));
      border-width: 1px 0 0;
      border-radius: 0;
      box-shadow: 0 0 0 100vmax var(--_hub-raised);
      clip-path: inset(0 -100vmax);
    }

    .send {
      flex: 1 0 auto;
    }

    .send svg {
      display: none;
    }
  }

  @container (min-width: 56rem) {
    .columns {
      grid-template-columns: minmax(0, 1fr) 22rem;
    }

    .preview {
      position: sticky;
      inset-block-start: 1rem;
      max-block-size: calc(100dvh - 7rem);
      overflow: auto;
    }
  }
`;
