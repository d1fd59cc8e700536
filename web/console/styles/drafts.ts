/** How drafts look: two versions of one, beside each other; and the question when one is to be sent. */
import { css } from "lit";

export const draftStyles = css`
  .schedule {
    display: grid;
    gap: 1rem;
    margin-block-end: 1.5rem;
  }

  .moment {
    min-block-size: 3em;
    font-weight: 500;
  }

  .scheduled .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    margin-block-start: 0.75rem;
  }

  .conflict {
    container-type: inline-size;
  }

  .conflict > div {
    flex: 1;
    min-inline-size: 0;
  }

  .versions {
    display: grid;
    gap: 1rem;
    margin-block-start: 1rem;
  }

  .version {
    display: grid;
    grid-template-rows: auto 1fr auto;
    justify-items: start;
    min-inline-size: 0;
    padding: 1rem;
    border: 1px solid var(--_hub-line);
    border-radius: var(--_hub-radius);
    background: var(--_hub-raised);
    color: var(--_hub-text);
  }

  .version h3 {
    font-size: 1rem;
  }

  .version dl {
    display: block;
    inline-size: 100%;
  }

  .version dd {
    margin: 0 0 0.5rem;
  }

  .version .body {
    max-block-size: 12rem;
    overflow: auto;
    white-space: pre-line;
  }

  @container (min-width: 40rem) {
    .versions {
      grid-template-columns: 1fr 1fr;
    }
  }
`;
