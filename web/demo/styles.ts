/** How the demo page looks: two panes beside each other where there is room, one below the other where there is not. */
import { css } from "lit";

export const demoStyles = css`
  :host {
    display: block;
    min-block-size: 100dvh;
    background: var(--_hub-surface);
    container-type: inline-size;
  }

  .wait {
    padding: 4rem 1rem;
    text-align: center;
  }

  .panes {
    display: grid;
    gap: 1.5rem;
    padding: 1rem clamp(0.5rem, 1.5cqi, 1.5rem) 1.5rem;
  }

  .pane {
    display: flex;
    flex-direction: column;
    gap: 0.75rem;
    min-inline-size: 0;
  }

  .choice {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.25rem 0.5rem;
  }

  .choice h2 {
    flex: 1 1 auto;
  }

  .person {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.25rem 0.5rem;
    max-inline-size: 100%;
  }

  select {
    max-inline-size: 100%;
    min-block-size: 2.25rem;
    padding: 0.25rem 0.5rem;
    border: 1px solid var(--_hub-control-line);
    border-radius: var(--_hub-radius);
    background: var(--_hub-background);
    color: inherit;
    font: inherit;
  }

  .bar {
    display: flex;
    align-items: center;
    justify-content: space-between;
    min-block-size: 3.75rem;
    padding-inline: 1.25rem 1rem;
    border-block-end: 1px solid var(--_hub-line);
  }

  .name {
    font-size: 1.125rem;
    font-weight: 650;
  }

  .text {
    display: grid;
    gap: 0.875rem;
    padding: 1.25rem;
  }

  pre {
    margin: 0;
    padding: 0.75rem 1rem;
    overflow: auto;
    border-radius: var(--_hub-radius);
    background: var(--_hub-surface);
    font-size: 0.8125rem;
    line-height: 1.6;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }

  .console {
    overflow: auto;
  }

  @container (min-width: 64rem) {
    .reader .choice h2 {
      flex-basis: 100%;
    }

    .panes {
      grid-template-columns: minmax(20rem, 26rem) minmax(0, 1fr);
      block-size: 100dvh;
    }

    .pane {
      min-block-size: 0;
    }

    .page,
    .console {
      flex: 1;
      overflow: auto;
    }

    /* It fills its half, not the window. */
    message-console {
      min-block-size: 100%;
    }
  }
`;
