/** The bell's list of messages as a page: in a card, as long as it is, its notices over the end of what is visible. */
import { css } from "lit";

export const receivedStyles = css`
  :host {
    display: block;
    font-size: 0.9375rem;
  }

  .category {
    display: grid;
    gap: 0.25rem;
    max-inline-size: 14rem;
    margin-block-end: 1.25rem;
  }

  .label {
    font-size: 0.8125rem;
  }

  #panel {
    display: grid;
    grid-template-columns: 1fr auto;
    border: 1px solid var(--_hub-line);
    border-radius: calc(var(--_hub-radius) * 1.5);
    background: var(--_hub-background);
    overflow-wrap: anywhere;
  }

  #panel:focus {
    outline: none;
  }

  #panel > * {
    grid-column: 1 / -1;
  }

  .views,
  .head {
    grid-row: 1;
    min-block-size: 3.25em;
    padding-block: 0.5em;
    border-block-end: 1px solid var(--_hub-line);
  }

  #panel > .views {
    grid-column: 1;
    padding-block-end: 0;
  }

  #panel > .head {
    grid-column: 2;
    padding-inline-end: 0.6em;
  }

  @container (max-width: 30rem) {
    #panel > .views {
      grid-column: 1 / -1;
    }

    #panel > .head {
      grid-row: auto;
      grid-column: 1 / -1;
      justify-content: end;
      padding-block: 0;
    }

    #panel > .head:not(:has(button)) {
      min-block-size: 0;
      border: none;
    }
  }

  /* The page has a heading already. */
  .head h2 {
    position: absolute;
    clip-path: inset(50%);
  }

  .scroll {
    overflow: visible;
  }

  .notices {
    position: sticky;
    inset-block-end: 0;
    z-index: 2;
    border-radius: 0 0 calc(var(--_hub-radius) * 1.5) calc(var(--_hub-radius) * 1.5);
    overflow: hidden;
  }

  /* On the side on which its own language begins. */
  .text {
    justify-self: self-start;
    max-inline-size: 42rem;
  }
`;
