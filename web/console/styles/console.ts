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

  .ending {
    position: sticky;
    inset-block-start: 0;
    z-index: 3;
    flex-wrap: wrap;
    align-items: center;
    border-inline: 0;
    border-radius: 0;
  }

  .wait {
    padding: 4rem 1rem;
    text-align: center;
  }

  .alone {
    display: grid;
    justify-items: center;
    gap: 0.75rem;
    padding-block-start: 4rem;
    text-align: center;
  }

  .alone > svg {
    inline-size: 2.5rem;
    block-size: 2.5rem;
    color: var(--_hub-muted);
    stroke-width: 1.25;
  }

  .page-head + .tabs {
    margin-block-start: -1rem;
  }

  .tabs {
    display: flex;
    gap: 0.25rem;
    margin-block-end: 1.5rem;
    border-block-end: 1px solid var(--_hub-line);
  }

  .tabs a {
    display: flex;
    align-items: center;
    min-block-size: 2.75rem;
    padding: 0.25rem 0.75rem;
    border-block: 2px solid transparent;
    margin-block-end: -1px;
    color: var(--_hub-muted);
    font-weight: 500;
    text-decoration: none;
  }

  .tabs a:hover {
    color: var(--_hub-text);
  }

  .tabs a[aria-current] {
    border-block-end-color: var(--_hub-accent);
    color: var(--_hub-text);
  }
`;
