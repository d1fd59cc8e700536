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
    padding: 0.75rem clamp(0.5rem, 1.5cqi, 1.5rem) 1.5rem;
  }

  .pane {
    display: flex;
    flex-direction: column;
    gap: 0.5rem;
    min-inline-size: 0;
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
    min-block-size: var(--_hub-target);
    padding: 0.25rem 0.5rem;
    border: 1px solid var(--_hub-control-line);
    border-radius: var(--_hub-radius);
    background: var(--_hub-background);
    color: inherit;
    font: inherit;
  }

  .console {
    overflow: auto;
  }

  @container (min-width: 64rem) {
    .panes {
      grid-template-columns: minmax(22rem, 2fr) minmax(0, 3fr);
      block-size: 100dvh;
    }

    .pane {
      min-block-size: 0;
    }

    .portal,
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
