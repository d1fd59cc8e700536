/**
 * The look that bell and console share: colours, font and sizes by name. A page changes one by setting the custom property of the
 * same name on the element, or on anything around it.
 *
 * Text has three weights: 400, 500 for labels and buttons, 600 for headings and what is unread. Distances are multiples of 4 px.
 * All text reaches a contrast of 4.5 : 1 on the backgrounds it is meant for, every border of a control 3 : 1, in light and in dark.
 */
import { css } from "lit";

export const theme = css`
  :host {
    color-scheme: light dark;

    --_hub-font: var(--hub-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
    --_hub-radius: var(--hub-radius, 8px);

    --_hub-background: var(--hub-background, light-dark(#ffffff, #161b20));
    --_hub-surface: var(--hub-surface, light-dark(#f3f6f8, #1f262d));
    --_hub-raised: var(--hub-raised, light-dark(#ffffff, #252d35));
    --_hub-text: var(--hub-text, light-dark(#16222c, #e8eef3));
    --_hub-muted: var(--hub-muted, light-dark(#506070, #a5b4c1));
    --_hub-line: var(--hub-line, light-dark(#d5dde4, #36424d));
    --_hub-control-line: var(--hub-control-line, light-dark(#76879a, #8093a5));
    --_hub-accent: var(--hub-accent, light-dark(#0b6a73, #57c2cc));
    --_hub-on-accent: var(--hub-on-accent, light-dark(#ffffff, #06262a));
    --_hub-accent-soft: var(--hub-accent-soft, light-dark(#e2f2f3, #173a3f));
    --_hub-danger: var(--hub-danger, light-dark(#b3261e, #ff8f85));
    --_hub-on-danger: var(--hub-on-danger, light-dark(#ffffff, #3b0906));
    --_hub-danger-soft: var(--hub-danger-soft, light-dark(#fcebe9, #44201d));
    --_hub-success: var(--hub-success, light-dark(#1d6b3c, #7dcf9c));
    --_hub-focus: var(--hub-focus, light-dark(#0a58ca, #8ab8ff));
    --_hub-shadow: var(--hub-shadow, 0 8px 28px light-dark(rgb(16 34 48 / 18%), rgb(0 0 0 / 55%)));

    font-family: var(--_hub-font);
    font-size: 0.9375rem;
    line-height: 1.5;
    color: var(--_hub-text);
  }

  :focus-visible {
    outline: 2px solid var(--_hub-focus);
    outline-offset: 2px;
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
