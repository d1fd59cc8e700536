/** How received messages look on their page. */
import { css } from "lit";

export const feedStyles = css`
  section.card {
    overflow: clip;
  }

  .note {
    margin-block-end: 1rem;
  }

  .tools {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.25rem 1rem;
    min-block-size: 2.5rem;
    margin-block-end: 0.5rem;
  }

  .item {
    border-block-end: 1px solid var(--_hub-line);
  }

  .item:last-child {
    border-block-end: 0;
  }

  .head {
    display: flex;
    gap: 0.875rem;
    inline-size: 100%;
    padding: 0.875rem 1.25rem;
    border: 0;
    border-radius: var(--_hub-radius);
    background: none;
    text-align: start;
    cursor: pointer;
  }

  .head:hover {
    background: var(--_hub-surface);
  }

  .head:focus-visible {
    outline-offset: -2px;
  }

  .head > svg {
    margin-block-start: 0.125rem;
    color: var(--_hub-muted);
  }

  .unread .head > svg {
    color: var(--_hub-accent);
  }

  .words {
    display: grid;
    flex: 1;
    min-inline-size: 0;
  }

  .title {
    overflow-wrap: anywhere;
  }

  .unread .title {
    font-weight: 600;
  }

  .excerpt {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .open {
    display: grid;
    justify-items: start;
    gap: 1rem;
    padding: 0 1.25rem 1.25rem 3.375rem;
  }

  .body {
    max-inline-size: 42rem;
    overflow-wrap: anywhere;
    /* Each paragraph in its own direction. */
    unicode-bidi: plaintext;
    white-space: pre-wrap;
  }

  .end {
    display: grid;
    justify-items: center;
    gap: 0.75rem;
    padding: 1.25rem;
    text-align: center;
  }

  @container (max-width: 30rem) {
    .open {
      padding-inline-start: 1.25rem;
    }
  }
`;
