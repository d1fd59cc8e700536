/** Where the panel goes. Pure arithmetic in CSS pixels; used when it opens, and while the page scrolls or changes its size. */

export type Placement = "bottom-end" | "bottom-start" | "top-end" | "top-start";

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Place {
  readonly left: number;
  readonly width: number;
  readonly maxHeight: number;
  /** One of the two: the edge that stays where it is while the panel grows. */
  readonly top?: number;
  readonly bottom?: number;
}

const GAP = 8;
const EDGE = 8;
/** With less room than this beneath the bell and above it, the panel takes the whole height and covers the bell. */
const LEAST_HEIGHT = 280;

/** `wanted` is the panel's size if there is room; `isRtl` turns start and end around. */
export function place(anchor: Box, view: Size, wanted: Size, placement: Placement, isRtl: boolean): Place {
  const width = Math.min(wanted.width, view.width - 2 * EDGE);
  const isAlignedRight = placement.endsWith("end") !== isRtl;
  const ideal = isAlignedRight ? anchor.right - width : anchor.left;
  const left = Math.max(EDGE, Math.min(ideal, view.width - EDGE - width));
  const below = view.height - anchor.bottom - GAP - EDGE;
  const above = anchor.top - GAP - EDGE;
  const most = Math.min(wanted.height, view.height - 2 * EDGE);
  const enough = Math.min(LEAST_HEIGHT, most);
  if (below < enough && above < enough) return { left, width, top: EDGE, maxHeight: most };
  const isBelow = placement.startsWith("bottom") ? below >= enough || below >= above : above < enough && below > above;
  if (isBelow) return { left, width, top: anchor.bottom + GAP, maxHeight: Math.min(most, below) };
  return { left, width, bottom: view.height - anchor.top + GAP, maxHeight: Math.min(most, above) };
}
