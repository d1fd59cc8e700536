/** How buttons, fields, cards and notes look, in every view. Colours and distances come from the theme. */
import { css } from "lit";
import { theme } from "../../common/theme";

const targets = css`
  :host {
    /* The least height and width of what can be pressed. */
    --_hub-target: 40px;
  }

  @media (pointer: coarse), (max-width: 40rem) {
    :host {
      --_hub-target: 44px;
    }
  }
`;

const base = css`
  :host {
    --_hub-on-accent: var(--hub-on-accent, light-dark(#ffffff, #06262a));
    --_hub-danger-soft: var(--hub-danger-soft, light-dark(#fcebe9, #44201d));
    --_hub-success: var(--hub-success, light-dark(#1d6b3c, #7dcf9c));
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  [hidden] {
    display: none !important;
  }

  h1,
  h2,
  h3,
  p,
  ul,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }

  ul {
    list-style: none;
  }

  h1 {
    font-size: 1.375rem;
    font-weight: 600;
    line-height: 1.3;
    letter-spacing: -0.01em;
    overflow-wrap: anywhere;
  }

  h1:focus {
    outline: none;
  }

  h2 {
    font-size: 1rem;
    font-weight: 600;
    line-height: 1.4;
  }

  a {
    color: var(--_hub-accent);
    text-underline-offset: 0.18em;
  }

  a:hover {
    text-decoration-thickness: 2px;
  }

  svg {
    flex: none;
    inline-size: 1.25rem;
    block-size: 1.25rem;
  }

  .muted {
    color: var(--_hub-muted);
  }

  .small {
    font-size: 0.8125rem;
  }

  .unseen-text {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    margin: -1px;
    padding: 0;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation-duration: 0.01ms !important;
      animation-iteration-count: 1 !important;
      transition-duration: 0s !important;
      scroll-behavior: auto !important;
    }
  }
`;

const buttons = css`
  button,
  .button {
    font: inherit;
    color: inherit;
  }

  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    min-block-size: var(--_hub-target);
    padding: 0.375rem 1rem;
    border: 1px solid var(--_hub-control-line);
    border-radius: var(--_hub-radius);
    background: var(--_hub-raised);
    font-weight: 500;
    line-height: 1.25;
    text-align: center;
    text-decoration: none;
    cursor: pointer;
    transition: background-color 120ms;
  }

  .button:hover {
    background: var(--_hub-accent-soft);
  }

  .button.primary {
    border-color: transparent;
    background: var(--_hub-accent);
    color: var(--_hub-on-accent);
  }

  .button.primary:hover {
    background: color-mix(in srgb, var(--_hub-accent) 88%, var(--_hub-text));
  }

  .button.danger {
    border-color: var(--_hub-danger);
    color: var(--_hub-danger);
  }

  .button.danger:hover {
    background: var(--_hub-danger-soft);
  }

  .button.danger.primary {
    background: var(--_hub-danger);
    color: var(--_hub-on-danger);
  }

  .button.danger.primary:hover {
    background: color-mix(in srgb, var(--_hub-danger) 88%, var(--_hub-text));
  }

  .button.quiet {
    padding-inline: 0.75rem;
    border-color: transparent;
    background: transparent;
    color: var(--_hub-accent);
  }

  .button.quiet:hover {
    background: var(--_hub-accent-soft);
  }

  .button[aria-disabled="true"],
  .button:disabled {
    cursor: default;
    opacity: 0.65;
  }

  .button.icon {
    inline-size: var(--_hub-target);
    padding: 0;
  }

  @media (forced-colors: active) {
    .button {
      border-color: ButtonBorder !important;
    }
  }
`;

const surfaces = css`
  .card {
    border: 1px solid var(--_hub-line);
    border-radius: calc(var(--_hub-radius) * 1.5);
    background: var(--_hub-raised);
  }

  .note {
    display: flex;
    gap: 0.75rem;
    padding: 0.75rem 1rem;
    border: 1px solid var(--_hub-line);
    border-radius: var(--_hub-radius);
    background: var(--_hub-accent-soft);
  }

  .note svg {
    margin-block-start: 0.125rem;
  }

  .note.bad {
    border-color: var(--_hub-danger);
    background: var(--_hub-danger-soft);
  }

  .note.bad svg {
    color: var(--_hub-danger);
  }

  .note > div {
    flex: 1;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .page-head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.75rem 1rem;
    margin-block-end: 1.5rem;
  }
`;

const inputStyles = css`
  .label {
    display: block;
    font-weight: 500;
  }

  input[type="text"],
  input[type="search"],
  input[type="datetime-local"],
  input[type="number"],
  select,
  textarea {
    display: block;
    inline-size: 100%;
    min-block-size: var(--_hub-target);
    padding: 0.5rem 0.75rem;
    border: 1px solid var(--_hub-control-line);
    border-radius: var(--_hub-radius);
    background: var(--_hub-background);
    color: var(--_hub-text);
    font: inherit;
  }

  /* iOS zooms into a field with smaller text. */
  @media (pointer: coarse) {
    input[type="text"],
    input[type="search"],
    input[type="datetime-local"],
    input[type="number"],
    select,
    textarea {
      font-size: 1rem;
    }
  }

`;

/** What is entered and chosen in: also for a view that looks like the bell otherwise. */
export const inputs = [targets, inputStyles];

const fields = css`
  ::placeholder {
    color: var(--_hub-muted);
    opacity: 1;
  }

  [aria-invalid="true"] {
    border-color: var(--_hub-danger) !important;
    box-shadow: 0 0 0 1px var(--_hub-danger);
  }

  .error {
    display: flex;
    gap: 0.375rem;
    color: var(--_hub-danger);
    font-weight: 500;
    overflow-wrap: anywhere;
  }

  input[type="checkbox"],
  input[type="radio"] {
    flex: none;
    inline-size: 1.125rem;
    block-size: 1.125rem;
    margin: 0;
    accent-color: var(--_hub-accent);
  }

  /* Nothing on paper can be pressed. */
  @media print {
    .button,
    .back,
    .tabs,
    .filter,
    .tools {
      display: none !important;
    }
  }
`;

/** What every view begins with. */
export const controls = [theme, base, buttons, surfaces, inputs, fields];
