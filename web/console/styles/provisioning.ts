/** How the sections of the page Provisioning look. */
import { css } from "lit";

export const provisioningStyles = css`
  :host {
    display: block;
  }

  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.5rem 1rem;
    padding: 1rem 1.25rem;
  }

  .head p {
    flex: 0 0 100%;
  }

  .none {
    padding: 1rem 1.25rem;
    border-block-start: 1px solid var(--_hub-line);
  }

  .body {
    display: grid;
    gap: 1rem;
    padding: 0 1.25rem 1.25rem;
  }

  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 1rem;
    padding: 0.75rem 1.25rem;
    border-block-start: 1px solid var(--_hub-line);
  }

  .row > .what {
    flex: 1 1 16rem;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .row h3 {
    font-size: inherit;
    font-weight: 500;
  }

  .row hub-group-mapping {
    flex: 1 1 100%;
  }

  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }

  .state {
    border-block-start: 1px solid var(--_hub-line);
  }

  .form {
    display: grid;
    gap: 1rem;
    justify-items: start;
    padding: 1rem 1.25rem;
    border-block-start: 1px solid var(--_hub-line);
    background: var(--_hub-surface);
  }

  .form > * {
    max-inline-size: 100%;
  }

  fieldset {
    display: grid;
    gap: 0.25rem;
    min-inline-size: 0;
    padding: 0;
    margin: 0;
    border: 0;
  }

  legend {
    padding: 0;
    font-weight: 500;
  }

  .option {
    display: flex;
    gap: 0.625rem;
    align-items: center;
    min-block-size: var(--_hub-target);
    cursor: pointer;
  }

  .ends {
    display: flex;
    flex-wrap: wrap;
    gap: 0 1.5rem;
  }

  hub-scope-filter,
  hub-copy-field {
    inline-size: min(32rem, 100%);
  }

  .done {
    padding-inline: 1.25rem;
  }

  .done:not(:empty) {
    padding-block-end: 1rem;
  }
`;
