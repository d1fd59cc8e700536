/** How the frame looks: one bar where there is room, the menu in a row of its own where there is not. */
import { css } from "lit";

export const frameStyles = css`
  :host {
    display: flex;
    flex-direction: column;

    /* The bar's content stands above that of the page. */
    --_measure: 68rem;
    --_gutter: max(clamp(0.75rem, 4cqi, 2rem), (100cqi - var(--_measure)) / 2);
  }

  .skip {
    position: absolute;
    inset-block-start: -4rem;
    inset-inline-start: 1rem;
    z-index: 11;
    min-block-size: var(--_hub-target);
    padding: 0.5rem 1rem;
    border: 0;
    border-radius: var(--_hub-radius);
    background: var(--_hub-accent);
    color: var(--_hub-on-accent);
    font-weight: 500;
  }

  .skip:focus {
    inset-block-start: 0.5rem;
  }

  header {
    display: grid;
    grid-template: "brand tools" 3.5rem "menu menu" auto / auto minmax(0, 1fr);
    align-items: center;
    gap: 0 1rem;
    padding-inline: var(--_gutter);
    border-block-end: 1px solid var(--_hub-line);
    background: var(--_hub-raised);
  }

  .brand {
    display: flex;
    grid-area: brand;
    gap: 0.75rem;
    align-items: center;
    min-block-size: var(--_hub-target);
    color: inherit;
    font-weight: 600;
    text-decoration: none;
    white-space: nowrap;
  }

  .brand svg {
    inline-size: 2rem;
    block-size: 2rem;
  }

  .tools {
    display: flex;
    grid-area: tools;
    gap: 0.5rem;
    align-items: center;
    justify-content: end;
    min-inline-size: 0;
  }

  .create {
    margin-inline-end: 0.25rem;
    white-space: nowrap;
  }

  @container (max-width: 21.5rem) {
    .create {
      padding-inline: 0.75rem;
    }

    .create svg {
      display: none;
    }
  }

  /* Its place is kept until it has come. */
  message-bell:not(:defined) {
    inline-size: 2.5rem;
    block-size: 2.5rem;
  }

  .hosted {
    display: flex;
    gap: 0.5rem;
    align-items: center;
    min-inline-size: 0;
  }

  .hosted .who {
    display: grid;
    min-inline-size: 0;
    line-height: 1.3;
    overflow-wrap: anywhere;
  }

  nav {
    grid-area: menu;
    margin-inline: calc(-1 * var(--_gutter));
    padding-inline: calc(var(--_gutter) - 0.75rem);
    border-block-start: 1px solid var(--_hub-line);
  }

  nav ul {
    display: flex;
    flex-wrap: wrap;
  }

  nav a {
    display: flex;
    align-items: center;
    min-block-size: 2.75rem;
    padding: 0.25rem 0.75rem;
    border-block: 2px solid transparent;
    color: var(--_hub-muted);
    font-weight: 500;
    text-decoration: none;
  }

  nav a:hover {
    color: var(--_hub-text);
  }

  nav a:focus-visible {
    outline-offset: -2px;
  }

  nav a[aria-current] {
    border-block-end-color: var(--_hub-accent);
    color: var(--_hub-text);
  }

  @media (forced-colors: active) {
    nav a[aria-current] {
      text-decoration: underline;
      text-decoration-thickness: 3px;
    }
  }

  main {
    flex: 1;
    min-inline-size: 0;
    background: var(--_hub-surface);
    container-type: inline-size;
  }

  main:focus {
    outline: none;
  }

  .measure {
    max-inline-size: var(--_measure);
    padding-block: 1.5rem 4rem;
    margin-inline: var(--_gutter);
  }

  @media print {
    header {
      display: none;
    }
  }

  @container (max-width: 44rem) {
    .hosted .who {
      position: absolute;
      inline-size: 1px;
      block-size: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
  }

  @container (max-width: 30rem) {
    .brand span {
      position: absolute;
      inline-size: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
  }

  @container (min-width: 56rem) {
    header {
      grid-template: "brand menu tools" 3.75rem / auto auto minmax(0, 1fr);
      gap: 0 1.5rem;
    }

    nav {
      align-self: stretch;
      padding: 0;
      margin: 0;
      border: 0;
    }

    nav a {
      min-block-size: 3.75rem;
    }

    .measure {
      padding-block-start: 2rem;
    }
  }
`;
