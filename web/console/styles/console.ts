/** How the console itself looks: it fills what it is put into, and its views measure themselves by it. */
import { css } from "lit";

export const consoleStyles = css`
  :host {
    display: flex;
    position: relative;
    flex-direction: column;
    min-block-size: 100dvh;
    background: var(--_hub-surface);
    container-type: inline-size;
  }

  hub-frame,
  hub-sign-in {
    flex: 1;
  }

  .wait {
    padding: 4rem 1rem;
    text-align: center;
  }

  .alone {
    display: grid;
    justify-items: center;
    padding-block-start: 4rem;
  }

  .tabs {
    display: flex;
    gap: 0.25rem;
    margin-block-end: 1.25rem;
    border-block-end: 1px solid var(--_hub-line);
  }

  .tabs a {
    padding: 0.5rem 1rem;
    border-block-end: 3px solid transparent;
    color: inherit;
    font-weight: 500;
    text-decoration: none;
  }

  .tabs a:hover {
    background: var(--_hub-accent-soft);
  }

  .tabs a[aria-current] {
    border-block-end-color: var(--_hub-accent);
    color: var(--_hub-accent);
  }

`;
