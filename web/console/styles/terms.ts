/** How a list of terms and what they stand for looks. */
import { css } from "lit";

export const termStyles = css`
  dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 0.25rem 1rem;
  }

  dt {
    color: var(--_hub-muted);
  }

  dd {
    font-weight: 500;
    overflow-wrap: anywhere;
  }
`;
