/** `<hub-time>`: a time as its reader likes it, with the exact time on hover and for screen readers that ask. */
import { css, html, LitElement } from "lit";
import { exact, relative, untilChange } from "../../common/times";
import { date, timeInGroup } from "../logic/dates";
import { LOCALE } from "../strings";

// The longest time until the text is updated; a timer of more than 24 days would fire at once.
const LONGEST_MS = 3_600_000;

type Format = "relative" | "in-group" | "date";

const FORMATS: Record<Format, (iso: string, now: Date) => string> = {
  relative: (iso, now) => relative(iso, now, LOCALE),
  "in-group": timeInGroup,
  date,
};

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
  static override properties = { at: {}, format: {} };

  declare at: string;
  /** `in-group`: under a heading that names the day or the month. */
  declare format: Format;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.at = "";
    this.format = "relative";
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
    const text = FORMATS[this.format](this.at, now);
    return html`<time datetime=${this.at} title=${exact(this.at, LOCALE)} translate="no"><span>${text}</span></time>`;
  }
}

customElements.define("hub-time", HubTime);
