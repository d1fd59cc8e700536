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

  .people {
    display: grid;
    grid-area: people;
    gap: 1.25rem;
    align-content: start;
    min-inline-size: 0;
  }

  .note {
    margin-block-end: 1.25rem;
  }

  .text {
    grid-area: text;
    align-self: start;
    padding: 1.25rem 1.5rem 1.5rem;
  }

  .change {
    max-inline-size: 42rem;
    padding-block-end: 0.75rem;
    margin-block-end: 0.75rem;
    border-block-end: 1px solid var(--_hub-line);
    overflow-wrap: anywhere;
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
