/** How the frame looks: the menu at the left where there is room, above the page where there is not. */
import { css } from "lit";

export const frameStyles = css`
  :host {
    display: flex;
    flex-direction: column;
  }

  .skip {
    position: absolute;
    inset-block-start: -4rem;
    inset-inline-start: 1rem;
    z-index: 5;
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
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 0.75rem;
    min-block-size: 3.75rem;
    padding: 0.375rem clamp(0.75rem, 3cqi, 1.5rem);
    border-block-end: 1px solid var(--_hub-line);
    background: var(--_hub-raised);
  }

  .brand {
    display: flex;
    gap: 0.625rem;
    align-items: center;
    color: inherit;
    font-weight: 600;
    text-decoration: none;
  }

  .brand svg {
    inline-size: 2rem;
    block-size: 2rem;
  }

  .person {
    display: flex;
    gap: 0.5rem;
    align-items: center;
    min-inline-size: 0;
  }

  .person p {
    display: grid;
    min-inline-size: 0;
    line-height: 1.25;
    text-align: end;
  }

  /* Its place is kept until it has come. */
  message-bell:not(:defined) {
    inline-size: 2.5rem;
    block-size: 2.5rem;
  }

  .who,
  .role {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .who {
    font-weight: 500;
  }

  .below {
    display: flex;
    flex: 1;
    flex-direction: column;
    background: var(--_hub-surface);
  }

  nav {
    border-block-end: 1px solid var(--_hub-line);
    background: var(--_hub-raised);
  }

  nav ul {
    display: flex;
    flex-wrap: wrap;
    padding-inline: 0.25rem;
  }

  nav li {
    flex: 1 1 auto;
  }

  nav a {
    display: flex;
    gap: 0.375rem;
    align-items: center;
    justify-content: center;
    min-block-size: 2.75rem;
    padding: 0.375rem 0.5rem;
    border-block-end: 3px solid transparent;
    color: inherit;
    font-size: 0.8125rem;
    font-weight: 500;
    text-align: center;
    text-decoration: none;
  }

  nav a:hover {
    background: var(--_hub-accent-soft);
  }

  nav a:focus-visible {
    outline-offset: -2px;
  }

  nav a[aria-current] {
    border-block-end-color: var(--_hub-accent);
    color: var(--_hub-accent);
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
    container-type: inline-size;
  }

  main:focus {
    outline: none;
  }

  .measure {
    max-inline-size: 68rem;
    padding: 1.25rem clamp(0.75rem, 4cqi, 2rem) 4rem;
  }

  @media print {
    header,
    nav {
      display: none;
    }
  }

  @container (max-width: 27rem) {
    .brand span {
      position: absolute;
      inline-size: 1px;
      overflow: hidden;
      clip-path: inset(50%);
      white-space: nowrap;
    }

    nav svg {
      display: none;
    }

    .who,
    .role {
      white-space: normal;
      overflow-wrap: anywhere;
    }
  }

  @container (min-width: 52rem) {
    .below {
      flex-direction: row;
    }

    nav {
      flex: 0 0 14.5rem;
      padding: 1.25rem 0.75rem;
      border-block-end: 0;
      border-inline-end: 1px solid var(--_hub-line);
    }

    nav ul {
      display: grid;
      position: sticky;
      inset-block-start: 1.25rem;
      gap: 0.25rem;
      padding: 0;
    }

    nav a {
      gap: 0.75rem;
      justify-content: start;
      padding: 0.5rem 0.75rem;
      border: 0;
      border-radius: var(--_hub-radius);
      font-size: inherit;
    }

    nav a[aria-current] {
      background: var(--_hub-accent-soft);
    }

    .measure {
      padding-block-start: 2rem;
    }
  }
`;
