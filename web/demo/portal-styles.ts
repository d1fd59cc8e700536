/** How the sample portal looks: calm, in colours of its own, from a phone's width to that of a desktop. */
import { css } from "lit";

export const portalStyles = css`
  .portal {
    --_portal: light-dark(#3a4c9c, #aebaf6);
    --_portal-soft: light-dark(#eceffa, #2a3150);

    container-type: inline-size;
  }

  .bar {
    display: flex;
    gap: 0.5rem;
    align-items: center;
    min-block-size: 3.75rem;
    padding-inline: 1rem;
    border-block-end: 1px solid var(--_hub-line);
  }

  .name {
    display: flex;
    flex: 1;
    gap: 0.75rem;
    align-items: center;
    font-weight: 600;
  }

  .name svg {
    inline-size: 1.75rem;
    block-size: 1.75rem;
    color: var(--_portal);
  }

  .portal .avatar {
    background: var(--_portal-soft);
    color: var(--_portal);
  }

  .day {
    display: grid;
    gap: 1rem;
    padding: 1.25rem 1rem 1.5rem;
  }

  .greeting {
    display: flex;
    gap: 1rem;
    align-items: start;
    justify-content: space-between;
  }

  h3 {
    font-size: 1.25rem;
    font-weight: 600;
    line-height: 1.3;
  }

  .sample {
    padding: 0.125rem 0.625rem;
    border: 1px solid var(--_hub-line);
    border-radius: 1rem;
    color: var(--_hub-muted);
    white-space: nowrap;
  }

  .panel {
    padding: 0.75rem 1rem 0.25rem;
    border: 1px solid var(--_hub-line);
    border-radius: var(--_hub-radius);
    background: var(--_hub-background);
  }

  h4 {
    margin: 0 0 0.25rem;
    font-size: 0.9375rem;
    font-weight: 600;
  }

  .panel li {
    display: flex;
    gap: 0.75rem;
    align-items: start;
    padding-block: 0.625rem;
    border-block-start: 1px solid var(--_hub-line);
  }

  .panel li:first-child {
    border-block-start: 0;
  }

  .time {
    inline-size: 3rem;
    font-variant-numeric: tabular-nums;
  }

  .about {
    flex: 1;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .status {
    padding: 0.0625rem 0.5rem;
    border-radius: 1rem;
    color: var(--_hub-muted);
    white-space: nowrap;
  }

  .status.portal_here {
    background: var(--_portal-soft);
    color: var(--_portal);
  }

  .embedding summary {
    min-block-size: var(--_hub-target);
    padding-block: 0.5rem;
    color: var(--_hub-muted);
    cursor: pointer;
  }

  pre {
    margin: 0.5rem 0 0;
    padding: 0.75rem 1rem;
    overflow: auto;
    border-radius: var(--_hub-radius);
    background: var(--_hub-surface);
    line-height: 1.6;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }

  @container (max-width: 27rem) {
    .panel li {
      flex-wrap: wrap;
      gap: 0.125rem 0.75rem;
    }

    .about {
      flex-basis: calc(100% - 3.75rem);
    }

    .status {
      margin-inline-start: 3.25rem;
    }
  }

  @container (min-width: 38rem) {
    .bar,
    .day {
      padding-inline: 1.5rem;
    }

    .day {
      grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
      align-items: start;
      gap: 1.25rem;
    }

    .greeting,
    .embedding {
      grid-column: 1 / -1;
    }
  }
`;
