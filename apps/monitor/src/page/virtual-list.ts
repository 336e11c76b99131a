/** A table of any length that makes elements only for the rows in view, and asks for their contents. */
import { make, setText } from "./dom.ts";
import { contentHeight, type Scroll, scrollTopOf, topRow, topRowToShow } from "./scroll-map.ts";

/** Rows beyond the edges, so that scrolling does not meet emptiness. */
const OVERSCAN = 12;
/** Contents that are remembered. */
const MAX_CACHED = 4000;

export interface ListColumn<Row> {
  readonly title: string;
  /** Names the column in the style sheet. */
  readonly name: string;
  readonly right?: boolean;
  readonly wide?: boolean;
  text(row: Row): string;
}

export interface ListOptions<Row> {
  /** For screen readers. */
  readonly label: string;
  readonly name: string;
  readonly columns: readonly ListColumn<Row>[];
  /** Widths of the columns, as CSS; `narrow` leaves out those that are `wide`. */
  readonly template: { readonly wide: string; readonly narrow: string };
  /** Asks for rows; they come through `provide`. */
  ask(from: number, count: number): void;
  rowClass?(row: Row): string;
  /** The selected row changed. */
  selected?(ordinal: number): void;
  /** Enter or a double click. */
  activated?(row: Row): void;
  sorted?(column: number): void;
}

interface Slot {
  readonly element: HTMLElement;
  readonly cells: HTMLElement[];
  ordinal: number;
  drawn: unknown;
}

let lists = 0;

export class VirtualList<Row> {
  readonly element: HTMLElement;
  /** Whether the list stays at its end while it grows. */
  following = false;
  readonly #options: ListOptions<Row>;
  readonly #id = `list${lists++}`;
  readonly #viewport: HTMLElement;
  readonly #content: HTMLElement;
  readonly #heads: HTMLElement[];
  readonly #empty: HTMLElement;
  #slots: Slot[] = [];
  readonly #cache = new Map<number, Row>();
  #stale = false;
  #first = 0;
  #end = 0;
  #selected = -1;
  #asked = "";
  #frame = 0;
  #height = 0;
  #rowHeight = 22;
  #scrollTop = 0;

  constructor(options: ListOptions<Row>) {
    this.#options = options;
    this.#heads = options.columns.map((column, i) => this.#head(column, i));
    this.#content = make("div", { class: "content", role: "presentation" });
    this.#viewport = make("div", { class: "viewport", role: "presentation" }, this.#content);
    this.#empty = make("p", { class: "empty" });
    this.element = make(
      "div",
      { class: `list ${options.name}`, role: "grid", tabindex: "0", "aria-label": options.label, "aria-rowcount": "0" },
      make("div", { class: "row head", role: "row" }, ...this.#heads),
      this.#viewport,
      this.#empty,
    );
    this.element.style.setProperty("--columns", options.template.wide);
    this.element.style.setProperty("--columns-narrow", options.template.narrow);
    this.#viewport.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    this.#content.addEventListener("click", (event) => this.#onClick(event));
    this.#content.addEventListener("dblclick", () => this.#activate());
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    new ResizeObserver(() => this.#resized()).observe(this.#viewport);
  }

  get selection(): number {
    return this.#selected;
  }
  get count(): number {
    return this.#end - this.#first;
  }

  /** What is said where rows would be. */
  setEmpty(text: string): void {
    setText(this.#empty, text);
    this.#empty.hidden = text === "" || this.count > 0;
  }

  /** The ordinals that there are. `fresh` means that they name other rows than before. */
  setRange(first: number, end: number, fresh: boolean): void {
    const dropped = first - this.#first;
    const before = this.#scroll();
    const top = topRow(before, this.#scrollTop);
    const changed = first !== this.#first || end !== this.#end;
    this.#first = first;
    this.#end = end;
    if (fresh) {
      this.#cache.clear();
      this.#asked = "";
      this.#selected = -1;
    }
    if (!changed && !fresh) return;
    this.element.setAttribute("aria-rowcount", String(end - first));
    this.#content.style.height = `${contentHeight(this.#scroll())}px`;
    this.#empty.hidden = end > first || this.#empty.textContent === "";
    if (fresh) this.#scrollTo(this.following ? end - first : 0);
    else if (this.following) this.#scrollTo(end - first);
    // What was looked at stays where it is when older rows go, and when pixels come to stand for more rows.
    else this.#scrollTo(Math.max(0, top - dropped));
    this.#draw();
  }

  /** Contents of rows from an ordinal on. */
  provide(from: number, rows: readonly Row[]): void {
    if (this.#stale) {
      this.#cache.clear();
      this.#stale = false;
    }
    for (const [i, row] of rows.entries()) this.#cache.set(from + i, row);
    if (this.#cache.size > MAX_CACHED) {
      for (const key of this.#cache.keys()) {
        if (this.#cache.size <= MAX_CACHED / 2) break;
        if (key < from || key >= from + rows.length) this.#cache.delete(key);
      }
    }
    this.#draw();
  }

  /** What is shown is out of date: asks again, and shows the old until the new is there. */
  refresh(): void {
    this.#stale = true;
    this.#asked = "";
    this.#draw();
  }

  /** Draws the same rows again: how they are shown changed. */
  redraw(): void {
    for (const slot of this.#slots) slot.drawn = undefined;
    this.#draw();
  }

  setSort(column: number, descending: boolean): void {
    for (const [i, head] of this.#heads.entries()) {
      head.setAttribute("aria-sort", i !== column ? "none" : descending ? "descending" : "ascending");
    }
  }

  /** Selects a row and brings it into view. */
  select(ordinal: number): void {
    if (ordinal < this.#first || ordinal >= this.#end) return;
    this.#selected = ordinal;
    const scroll = this.#scroll();
    const top = topRow(scroll, this.#scrollTop);
    const wanted = topRowToShow(scroll, top, ordinal - this.#first);
    if (wanted !== top) this.#scrollTo(wanted);
    this.#draw();
    this.#options.selected?.(ordinal);
  }

  /** Brings the selected row into view. */
  reveal(): void {
    if (this.#selected >= this.#first) this.select(this.#selected);
  }

  /** Selects nothing. */
  deselect(): void {
    this.#selected = -1;
    this.#draw();
  }

  follow(): void {
    this.following = true;
    this.#scrollTo(this.count);
    this.#draw();
  }

  #head(column: ListColumn<Row>, i: number): HTMLElement {
    const head = make("div", {
      class: classOf(column),
      role: "columnheader",
      ...(this.#options.sorted ? { "aria-sort": "none" } : {}),
    });
    if (this.#options.sorted === undefined) head.append(column.title);
    else {
      const button = make("button", { type: "button", tabindex: "-1" }, column.title);
      button.addEventListener("click", () => this.#options.sorted?.(i));
      head.append(button);
    }
    return head;
  }

  #scroll(): Scroll {
    return { rows: this.#end - this.#first, rowHeight: this.#rowHeight, view: this.#height };
  }

  #scrollTo(row: number): void {
    const to = scrollTopOf(this.#scroll(), row);
    if (Math.abs(to - this.#scrollTop) < 0.5) return;
    this.#scrollTop = to;
    this.#viewport.scrollTop = to;
  }

  #onScroll(): void {
    const { scrollTop } = this.#viewport;
    // Our own scrolling comes back here, rounded.
    if (Math.abs(scrollTop - this.#scrollTop) > 1.5) {
      this.#scrollTop = scrollTop;
      const scroll = this.#scroll();
      this.following = topRow(scroll, scrollTop) + scroll.view / scroll.rowHeight >= scroll.rows - 1;
    }
    this.#draw();
  }

  #resized(): void {
    this.#height = this.#viewport.clientHeight;
    const height = Number.parseFloat(getComputedStyle(this.element).getPropertyValue("--row-height"));
    const top = topRow(this.#scroll(), this.#scrollTop);
    this.#rowHeight = height > 0 ? height : 22;
    this.#content.style.height = `${contentHeight(this.#scroll())}px`;
    this.#scrollTo(this.following ? this.count : top);
    this.#draw();
  }

  #draw(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#drawNow());
  }

  #drawNow(): void {
    this.#frame = 0;
    if (this.#height === 0) return;
    const scroll = this.#scroll();
    const top = topRow(scroll, this.#scrollTop);
    const from = Math.max(0, Math.floor(top) - OVERSCAN);
    const to = Math.min(scroll.rows, Math.ceil(top + scroll.view / scroll.rowHeight) + OVERSCAN);
    this.#haveSlots(to - from);
    let missing = this.#stale;
    for (const [i, slot] of this.#slots.entries()) {
      const row = from + i;
      const shown = row < to;
      slot.element.hidden = !shown;
      if (!shown) {
        forget(slot);
        continue;
      }
      const ordinal = this.#first + row;
      slot.element.style.transform = `translateY(${this.#scrollTop + (row - top) * scroll.rowHeight}px)`;
      const contents = this.#cache.get(ordinal);
      if (contents === undefined) missing = true;
      this.#fill(slot, ordinal, contents);
    }
    this.element.setAttribute("aria-activedescendant", this.#isDrawn(from, to) ? `${this.#id}-${this.#selected}` : "");
    const asking = `${this.#first + from} ${to - from}`;
    if (missing && to > from && asking !== this.#asked) {
      this.#asked = asking;
      this.#options.ask(this.#first + from, to - from);
    }
  }

  #isDrawn(from: number, to: number): boolean {
    return this.#selected >= this.#first + from && this.#selected < this.#first + to;
  }

  #haveSlots(count: number): void {
    while (this.#slots.length < count) {
      const cells = this.#options.columns.map((column) =>
        make("div", { class: classOf(column), role: "gridcell", dir: "auto" }),
      );
      const element = make("div", { class: "row", role: "row" }, ...cells);
      this.#content.append(element);
      this.#slots.push({ element, cells, ordinal: -1, drawn: undefined });
    }
  }

  #fill(slot: Slot, ordinal: number, row: Row | undefined): void {
    const selected = String(ordinal === this.#selected);
    if (slot.element.getAttribute("aria-selected") !== selected) slot.element.setAttribute("aria-selected", selected);
    if (slot.ordinal !== ordinal) {
      slot.ordinal = ordinal;
      slot.element.id = `${this.#id}-${ordinal}`;
      slot.element.setAttribute("aria-rowindex", String(ordinal - this.#first + 1));
    }
    if (slot.drawn === row && row !== undefined) return;
    slot.drawn = row;
    slot.element.className = row === undefined ? "row waiting" : `row ${this.#options.rowClass?.(row) ?? ""}`;
    for (const [i, column] of this.#options.columns.entries()) {
      setText(slot.cells[i]!, row === undefined ? "" : column.text(row));
    }
  }

  #onClick(event: Event): void {
    const element = (event.target as HTMLElement).closest(".row");
    const slot = this.#slots.find((one) => one.element === element);
    if (slot === undefined) return;
    this.following = false;
    this.select(slot.ordinal);
    this.element.focus({ preventScroll: true });
  }

  #activate(): void {
    const row = this.#cache.get(this.#selected);
    if (row !== undefined) this.#options.activated?.(row);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.#height / this.#rowHeight) - 1);
    const now = this.#selected < 0 ? this.#first - 1 : this.#selected;
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: now + 1,
      ArrowUp: now - 1,
      PageDown: now + page,
      PageUp: now - page,
      Home: this.#first,
      End: this.#end - 1,
    };
    const target = steps[event.key];
    if (event.key === "Enter") this.#activate();
    else if (target === undefined) return;
    else {
      this.following = event.key === "End";
      this.select(Math.min(this.#end - 1, Math.max(this.#first, target)));
    }
    event.preventDefault();
  }
}

/** A slot that is not shown must not be found as the row that it was. */
function forget(slot: Slot): void {
  if (slot.ordinal < 0) return;
  slot.ordinal = -1;
  slot.element.removeAttribute("id");
  slot.element.removeAttribute("aria-rowindex");
  slot.element.removeAttribute("aria-selected");
}

function classOf(column: { readonly name: string; readonly right?: boolean; readonly wide?: boolean }): string {
  return `cell ${column.name}${column.right ? " right" : ""}${column.wide ? " wide" : ""}`;
}
