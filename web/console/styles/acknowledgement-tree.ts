/** How the acknowledgements by organisation and clinic look. Rows out of sight are not drawn. */
import { css } from "lit";

export const acknowledgementTreeStyles = css`
  :host {
    display: block;
    min-inline-size: 0;
    container-type: inline-size;
  }

  .head {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 1rem;
    align-items: center;
    padding: 1rem 1.5rem 0.75rem;
  }

  .head h2 {
    flex: 1;
  }

  .line {
    display: flex;
    gap: 0.25rem;
    align-items: center;
    padding: 0.5rem 0.75rem;
    content-visibility: auto;
    contain-intrinsic-block-size: auto 5rem;
  }

  .top > li {
    border-block-start: 1px solid var(--_hub-line);
  }

  .top > li > .clinic {
    padding-inline-start: 1.5rem;
  }

  .inside .line {
    padding-inline-start: 4.25rem;
  }

  .inside {
    padding-block-end: 0.5rem;
  }

  .what {
    display: grid;
    flex: 1;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.25rem 1.5rem;
    align-items: center;
    min-inline-size: 0;
  }

  .what h3 {
    font-size: inherit;
    font-weight: 500;
    overflow-wrap: anywhere;
  }

  .what p {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.75rem;
    font-variant-numeric: tabular-nums;
  }

  .what span {
    display: inline-flex;
    gap: 0.25rem;
    align-items: center;
  }

  .what svg {
    inline-size: 1rem;
    block-size: 1rem;
  }

  .bad {
    color: var(--_hub-danger);
    font-weight: 500;
  }

  .opener svg {
    transition: rotate 120ms;
  }

  .opener[aria-expanded="true"] svg {
    rotate: 90deg;
  }

  .none {
    padding: 0.5rem 1.5rem 1rem 3.5rem;
  }

  .more {
    padding: 0.25rem 0.75rem 0.75rem;
    text-align: center;
  }

  @container (min-width: 36rem) {
    .what {
      grid-template: "name bar" auto "text bar" auto / minmax(0, 1fr) 10rem;
    }

    .what > div {
      grid-area: bar;
    }
  }

  @container (max-width: 30rem) {
    .inside .line {
      padding-inline-start: 2.25rem;
    }
  }
`;
