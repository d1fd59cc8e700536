/** How the page of one message looks. */
import { css } from "lit";

export const messageStyles = css`
  .back {
    display: inline-flex;
    align-items: center;
    gap: 0.375rem;
    min-block-size: 2rem;
    margin-block-end: 0.75rem;
    font-weight: 500;
    text-decoration: none;
  }

  .back:hover {
    text-decoration: underline;
  }

  .page-head {
    align-items: start;
  }

  .what {
    flex: 1 1 18rem;
    min-inline-size: 0;
  }

  .meta {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 0.75rem;
    align-items: center;
    margin-block-start: 0.25rem;
    overflow-wrap: anywhere;
  }

  .meta .avatar {
    margin-inline-end: -0.25rem;
  }

  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }

  .columns,
  .side {
    display: grid;
    gap: 1.25rem;
    align-content: start;
  }

  .columns {
    grid-template: "text" auto "side" auto "people" auto / minmax(0, 1fr);
  }

  .side {
    grid-area: side;
  }

  hub-recipients {
    grid-area: people;
  }

  .note {
    margin-block-end: 1.25rem;
  }

  .text {
    grid-area: text;
    align-self: start;
    padding: 1.25rem 1.5rem 1.5rem;
  }

  .body {
    max-inline-size: 42rem;
    overflow-wrap: anywhere;
    /* Each paragraph in its own direction. */
    unicode-bidi: plaintext;
    white-space: pre-wrap;
  }

  .pad {
    display: grid;
    gap: 0.5rem;
    align-content: start;
    padding: 1.25rem 1.5rem;
  }

  .names {
    display: grid;
    gap: 0.25rem;
    overflow-wrap: anywhere;
  }

  .figure {
    font-size: 2.25rem;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
    line-height: 1.1;
  }

  progress {
    display: block;
    inline-size: 100%;
    block-size: 0.5rem;
    border: 0;
    border-radius: 0.25rem;
    overflow: hidden;
    background: var(--_hub-line);
    color: var(--_hub-accent);
    appearance: none;
  }

  progress::-webkit-progress-bar {
    background: var(--_hub-line);
  }

  progress::-webkit-progress-value {
    border-radius: 0.25rem;
    background: var(--_hub-accent);
    transition: inline-size 300ms;
  }

  progress::-moz-progress-bar {
    border-radius: 0.25rem;
    background: var(--_hub-accent);
  }

  @media (forced-colors: active) {
    progress {
      border: 1px solid CanvasText;
    }

    progress::-webkit-progress-value {
      forced-color-adjust: none;
      background: Highlight;
    }
  }

  @container (min-width: 36rem) {
    .side {
      grid-template-columns: 1fr 1fr;
    }
  }

  @container (min-width: 50rem) {
    .side {
      grid-template-columns: 1fr;
    }

    .columns {
      grid-template: "text side" auto "people side" 1fr / minmax(0, 1fr) 20rem;
    }
  }
`;
