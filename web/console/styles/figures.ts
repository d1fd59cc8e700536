/** How a main figure and its bar look. */
import { css } from "lit";

export const figureStyles = css`
  .figure {
    font-size: 2.25rem;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
    line-height: 1.1;
  }

  progress {
    display: block;
    inline-size: 100%;
    block-size: 0.5rem;
    border: 0;
    border-radius: 0.25rem;
    overflow: hidden;
    background: var(--_hub-line);
    color: var(--_hub-accent);
    appearance: none;
  }

  progress::-webkit-progress-bar {
    background: var(--_hub-line);
  }

  progress::-webkit-progress-value {
    border-radius: 0.25rem;
    background: var(--_hub-accent);
    transition: inline-size 300ms;
  }

  progress::-moz-progress-bar {
    border-radius: 0.25rem;
    background: var(--_hub-accent);
  }

  @media (forced-colors: active) {
    progress {
      border: 1px solid CanvasText;
    }

    progress::-webkit-progress-value {
      forced-color-adjust: none;
      background: Highlight;
    }
  }
`;
