/** How long to wait. Everything that thousands of bells do at the same moment is spread by chance. */

/** Somewhere between `from` and `to`. */
export function between(from: number, to: number): number {
  return from + Math.random() * (to - from);
}

/** Twice as long after each failure, up to `most`; half of it by chance, so that those who failed together do not return together. */
export function backoff(failures: number, first: number, most: number): number {
  const full = Math.min(most, first * 2 ** Math.min(failures - 1, 16));
  return between(full / 2, full);
}
