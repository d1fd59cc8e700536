/** Tells an answer to a dialog from the rest of the click that opened the dialog: the second half of a double click or a double tap. Pure. */

export type Click = Pick<MouseEvent, "clientX" | "clientY" | "timeStamp" | "detail">;

// The longest double click that a system can be set to takes 900 ms.
const SAME_CLICK_MS = 1_000;
/** How far a finger moves between two taps. */
const SAME_CLICK_PX = 48;

/** Whether `click` may count as an answer to what `opener` opened; null: something else than a click opened it. */
export function isAnswer(click: Click, opener: Click | null): boolean {
  // By keyboard: the focus has moved since, so a held key does not come here.
  if (click.detail === 0) return true;
  if (click.detail > 1) return false;
  if (opener === null || opener.detail === 0) return true;
  const distance = Math.hypot(click.clientX - opener.clientX, click.clientY - opener.clientY);
  return click.timeStamp - opener.timeStamp >= SAME_CLICK_MS || distance >= SAME_CLICK_PX;
}
