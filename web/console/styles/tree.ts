/** How the tree of organisations and clinics looks. Rows out of sight are not drawn, so a thousand of them scroll like ten. */
import { css } from "lit";

export const treeStyles = css`
  .find {
    position: relative;
    margin-block: 0.25rem;
  }

  .find svg {
    position: absolute;
    inset-block-start: calc((var(--_hub-target) - 1.25rem) / 2);
    inset-inline-start: 0.75rem;
    color: var(--_hub-muted);
  }

  .find input {
    padding-inline-start: 2.5rem;
  }

  .found {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.75rem;
    align-items: center;
    justify-content: space-between;
    min-block-size: 2.5rem;
  }

  .tree {
    max-block-size: min(24rem, 50dvh);
    padding: 0.375rem;
    overflow: auto;
    overscroll-behavior: contain;
    border: 1px solid var(--_hub-control-line);
    border-radius: var(--_hub-radius);
    background: var(--_hub-background);
  }

  .none {
    padding: 1rem;
  }

  .row {
    display: flex;
    align-items: center;
    content-visibility: auto;
    contain-intrinsic-block-size: auto 2.75rem;
    border-radius: calc(var(--_hub-radius) * 0.75);
  }

  .row:hover {
    background: var(--_hub-surface);
  }

  .row:has(input:checked),
  .row:has(input:indeterminate) {
    background: var(--_hub-accent-soft);
  }

  .clinic {
    padding-inline-start: 3.5rem;
  }

  .tree > ul > .clinic {
    padding-inline-start: 0.5rem;
  }

  .opener,
  .no-opener {
    flex: none;
    inline-size: var(--_hub-target);
  }

  .opener svg {
    transition: rotate 120ms;
  }

  .opener[aria-expanded="true"] svg {
    rotate: 90deg;
  }

  .row label,
  .group {
    flex: 1;
    min-inline-size: 0;
    padding: 0.5rem;
  }

  .row label {
    min-block-size: var(--_hub-target);
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    align-items: center;
    gap: 0 0.75rem;
    cursor: pointer;
  }

  .name {
    overflow-wrap: anywhere;
  }

  .organisation {
    font-weight: 500;
  }

  .keys {
    margin-block: 0.375rem -1rem;
    visibility: hidden;
  }

  .tree:has(:focus-visible) + .keys {
    visibility: visible;
  }

  @container (max-width: 30rem) {
    .row label {
      grid-template-columns: auto minmax(0, 1fr);
    }

    .row label .muted {
      grid-column: 2;
    }

    .clinic {
      padding-inline-start: 2.75rem;
    }

    .keys {
      display: none;
    }
  }
`;
