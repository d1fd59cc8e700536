/** The bell's pictures: drawn on a grid of 24, in the colour of the text around them, and never the only way to say a thing. */
import { html } from "lit/html.js";

const draw = (path: string) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${path} /></svg>`;

export const bell = draw(
  "M5.5 16.5c1.2-1.3 1.7-2.6 1.7-5.2V10a4.8 4.8 0 0 1 9.6 0v1.3c0 2.6.5 3.9 1.7 5.2ZM12 5.2V3.5M10 19.5a2.1 2.1 0 0 0 4 0",
);
export const close = draw("m6.5 6.5 11 11m0-11-11 11");
export const plus = draw("M12 5.5v13M5.5 12h13");
export const chevron = draw("m7 10 5 5 5-5");
export const archive = draw("M4 5h16v4H4zM5.5 9v10h13V9M10 13h4");
export const check = draw("m5 12.5 4.5 4.5L19 7.5");
export const envelope = draw("M4 6.5h16v11H4zm0 .8 8 6 8-6");
const CIRCLE = "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z";

export const important = draw(`${CIRCLE}M12 7v6m0 3.4v.1`);
export const pin = draw("M9 4h6l1 7 2 3H6l2-3zm3 10v6");
export const clock = draw(`${CIRCLE}M12 7v5l3 2`);
export const replaced = draw("M4 9h13l-3.5-3.5M20 15H7l3.5 3.5");
export const warning = draw("M12 4.5 21 19.5H3ZM12 10v4.2m0 2.6v.1");
