/** The pictures of the console, drawn here. They always stand beside words, or in a button that has a name, so they are hidden
 * from screen readers. */
import { html, svg } from "lit";

const SHAPES = {
  alert: svg`<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.4v.1"/>`,
  back: svg`<path d="M19 12H5.5M11 5.5 4.5 12l6.5 6.5"/>`,
  calendar: svg`<rect x="4" y="5.5" width="16" height="14" rx="2"/><path d="M4 10h16M8.5 3.5v4M15.5 3.5v4"/>`,
  check: svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
  chevron: svg`<path d="m9.5 6 6 6-6 6"/>`,
  clock: svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>`,
  close: svg`<path d="m6 6 12 12M18 6 6 18"/>`,
  compose: svg`<path d="M12.5 5H5v14h14v-7.5M17.5 3.8l2.7 2.7-8.4 8.4-3.3.6.6-3.3z"/>`,
  copy: svg`<rect x="8.5" y="8.5" width="11" height="11" rx="1.5"/><path d="M15.5 5.5v-1h-11v11h1"/>`,
  delete: svg`<path d="M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10 10.5v5.5M14 10.5v5.5"/>`,
  download: svg`<path d="M12 4v11M7 10.5l5 5 5-5M5 19.5h14"/>`,
  filter: svg`<path d="M4 5.5h16l-6.2 7.2v6.3l-3.6-1.8v-4.5z"/>`,
  important: svg`<path d="M6 20.5v-16h12l-2.5 4 2.5 4H6"/>`,
  info: svg`<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.6v.1"/>`,
  mail: svg`<rect x="3.5" y="5.5" width="17" height="13" rx="2"/><path d="m4 7.5 8 6 8-6"/>`,
  more: svg`<circle cx="5.5" cy="12" r="1.2"/><circle cx="12" cy="12" r="1.2"/><circle cx="18.5" cy="12" r="1.2"/>`,
  organisations: svg`<path d="M4 20V6.5L11 4v16M11 9.5l9 2.5v8M3 20h18M7 9v.1M7 12.5v.1M7 16v.1M15.5 15v.1M15.5 17.5v.1"/>`,
  people: svg`<circle cx="9" cy="8.5" r="3.5"/><path d="M2.8 19.5c.6-3.4 3-5.3 6.2-5.3s5.6 1.9 6.2 5.3M15.5 5.4a3.3 3.3 0 0 1 0 6.2M17.6 14.8c2 .7 3.2 2.3 3.6 4.7"/>`,
  recall: svg`<path d="M8.5 5 4.5 9l4 4M4.5 9H14a5.5 5.5 0 0 1 0 11h-3.5"/>`,
  replace: svg`<path d="M4.5 9h14l-3.5-3.5M19.5 15h-14l3.5 3.5"/>`,
  search: svg`<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5 5"/>`,
  send: svg`<path d="M4 5.2 20.5 12 4 18.8 6 12zM6 12h6"/>`,
  signOut: svg`<path d="M10 4.5H5v15h5M15.5 8l4 4-4 4M19 12h-9"/>`,
} as const;

export type IconName = keyof typeof SHAPES;

export function icon(name: IconName) {
  return html`<svg
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.75"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${SHAPES[name]}
  </svg>`;
}
