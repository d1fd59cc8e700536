/** `<hub-time>`: a time as its reader likes it, with the exact time on hover and for screen readers that ask. */
import { css, html, LitElement } from "lit";
import { exact, relative, untilChange } from "../../common/times";
import { LOCALE } from "../strings";

// The longest wait between two looks at the clock; timers beyond 24 days would fire at once.
const LONGEST_MS = 3_600_000;

export class HubTime extends LitElement {
  static override styles = css`
    :host {
      white-space: nowrap;
    }

    /* On paper "3 minutes ago" says nothing. */
    @media print {
      span {
        display: none;
      }

      time::after {
        content: attr(title);
      }
    }
  `;
  static override properties = { at: {} };

  declare at: string;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.at = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate();
  }

  override render() {
    if (!this.at) return "";
    const now = new Date();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.requestUpdate(), Math.min(untilChange(this.at, now), LONGEST_MS));
    return html`<time datetime=${this.at} title=${exact(this.at, LOCALE)} translate="no"><span>${relative(this.at, now, LOCALE)}</span></time>`;
  }
}

customElements.define("hub-time", HubTime);
