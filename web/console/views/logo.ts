/** The sign of Message Hub: a message that goes out to three. */
import { html } from "lit";

export function logo() {
  return html`<svg viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="9" fill="var(--_hub-accent)" />
    <g fill="none" stroke="var(--_hub-on-accent)" stroke-width="2" stroke-linecap="round">
      <path d="M12.5 16 22 9.5M12.5 16h10M12.5 16l9.5 6.5" />
    </g>
    <g fill="var(--_hub-on-accent)">
      <circle cx="10.5" cy="16" r="3.6" />
      <circle cx="22.5" cy="9" r="2.2" />
      <circle cx="23.5" cy="16" r="2.2" />
      <circle cx="22.5" cy="23" r="2.2" />
    </g>
  </svg>`;
}
