/**
 * Which row is at which scroll position. Browsers do not lay out elements of more than some ten million pixels, so that
 * the scroll bar of a long list stands for more rows than it has pixels.
 */

/** Tallest element that every browser lays out exactly (Firefox ends near 17.8 million pixels). */
export const MAX_PIXELS = 15_000_000;

export interface Scroll {
  readonly rows: number;
  readonly rowHeight: number;
  /** Height of the visible part. */
  readonly view: number;
}

/** Height of what is scrolled. */
export function contentHeight({ rows, rowHeight }: Scroll): number {
  return Math.min(MAX_PIXELS, rows * rowHeight);
}

/** The row at the upper edge, with its hidden fraction. */
export function topRow(scroll: Scroll, scrollTop: number): number {
  const most = maxTopRow(scroll);
  const room = contentHeight(scroll) - scroll.view;
  return room <= 0 ? 0 : Math.min(most, Math.max(0, (scrollTop / room) * most));
}

/** Where to scroll so that `row` is at the upper edge. */
export function scrollTopOf(scroll: Scroll, row: number): number {
  const most = maxTopRow(scroll);
  const room = contentHeight(scroll) - scroll.view;
  return most <= 0 ? 0 : (Math.min(most, Math.max(0, row)) / most) * room;
}

/** The top row that shows `row` as a whole and moves as little as can be. */
export function topRowToShow(scroll: Scroll, top: number, row: number): number {
  const visible = scroll.view / scroll.rowHeight;
  if (row < top) return row;
  return row + 1 > top + visible ? row + 1 - visible : top;
}

function maxTopRow({ rows, rowHeight, view }: Scroll): number {
  return Math.max(0, rows - view / rowHeight);
}
