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

  form {
    display: grid;
    gap: 1.75rem;
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
  .field textarea {
    margin-block-start: 0.25rem;
  }

  textarea {
    min-block-size: 8rem;
    resize: vertical;
    field-sizing: content;
  }

  .count {
    justify-self: end;
    font-variant-numeric: tabular-nums;
  }

  .count.over {
    color: var(--_hub-danger);
    font-weight: 500;
  }

  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.75rem 1rem;
    padding-block-start: 1.25rem;
    border-block-start: 1px solid var(--_hub-line);
  }

  .reach {
    display: flex;
    flex: 1 1 auto;
    align-items: center;
    gap: 0.5rem;
    font-variant-numeric: tabular-nums;
  }

  .reach.big {
    font-size: 1rem;
  }

  .reach svg {
    color: var(--_hub-accent);
  }

  .kept {
    display: flex;
    flex-basis: 100%;
    flex-wrap: wrap;
    align-items: center;
    justify-content: end;
    gap: 0 0.5rem;
  }

  .preview {
    min-inline-size: 0;
  }

  .preview > h2 {
    margin-block-end: 0.5rem;
    font-weight: 500;
  }

  .preview article {
    display: flex;
    gap: 0.75rem;
    padding: 1rem 1.125rem;
    box-shadow: 0 2px 10px light-dark(rgb(16 34 48 / 7%), rgb(0 0 0 / 25%));
  }

  .preview article > svg {
    margin-block-start: 0.125rem;
    color: var(--_hub-accent);
  }

  .preview article > div {
    flex: 1;
    min-inline-size: 0;
  }

  h3 {
    margin: 0;
    font-size: 1rem;
    font-weight: 600;
    overflow-wrap: anywhere;
  }

  .body {
    margin-block: 0.125rem 0.375rem;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }

  dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 0.25rem 1rem;
    margin-block: 0.75rem;
  }

  dt {
    color: var(--_hub-muted);
  }

  dd {
    font-weight: 500;
    overflow-wrap: anywhere;
  }

  @container (max-width: 30rem) {
    form {
      padding: 1rem;
    }

    .send {
      flex: 1 1 100%;
    }
  }

  @container (min-width: 56rem) {
    .columns {
      grid-template-columns: minmax(0, 1fr) 19rem;
    }

    .preview {
      position: sticky;
      inset-block-start: 1rem;
    }
  }
`;
