/** The layers and fields of a packet. Selecting one tells its bytes. */
import type { TreeLine } from "../engine/detail.ts";
import { make } from "./dom.ts";

interface Item {
  readonly line: TreeLine;
  readonly element: HTMLElement;
  /** The layer that a field belongs to. */
  readonly parent: Item | undefined;
}

export class TreeView {
  readonly element: HTMLElement;
  readonly #selected: (line: TreeLine) => void;
  #items: Item[] = [];
  #current: Item | undefined;
  /** Layers that the reader has closed; they stay closed in the next packet. */
  readonly #closed = new Set<string>();

  constructor(selected: (line: TreeLine) => void) {
    this.#selected = selected;
    this.element = make("div", { class: "tree", role: "tree", tabindex: "0", "aria-label": "Layers and fields" });
    this.element.addEventListener("click", (event) => this.#onClick(event));
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
  }

  show(lines: readonly TreeLine[]): void {
    this.#items = [];
    this.#current = undefined;
    let layer: Item | undefined;
    const elements: HTMLElement[] = [];
    for (const line of lines) {
      const element = make(
        "div",
        {
          class: line.depth === 0 ? "layer" : "field",
          role: "treeitem",
          "aria-level": String(line.depth + 1),
          id: `tree${elements.length}`,
        },
        make("span", { class: "name" }, line.name),
        make("bdi", { class: "value" }, line.text),
      );
      const item: Item = { line, element, parent: line.depth === 0 ? undefined : layer };
      if (line.depth === 0) layer = item;
      this.#items.push(item);
      elements.push(element);
    }
    for (const item of this.#items) {
      if (item.line.depth === 0 && this.#hasFields(item)) this.#setOpen(item, !this.#closed.has(item.line.name));
    }
    this.element.removeAttribute("aria-activedescendant");
    this.element.replaceChildren(...elements);
    this.element.scrollTop = 0;
  }

  /** Selects the innermost line that holds a byte. */
  selectByte(offset: number): void {
    let best: Item | undefined;
    for (const item of this.#items) {
      const { start, end } = item.line;
      if (offset < start || offset >= end) continue;
      if (best === undefined || item.line.depth > best.line.depth || end - start < best.line.end - best.line.start)
        best = item;
    }
    if (best !== undefined) this.#select(best);
  }

  #hasFields(item: Item): boolean {
    return this.#items.some(({ parent }) => parent === item);
  }

  #select(item: Item): void {
    if (item.parent !== undefined) this.#setOpen(item.parent, true);
    this.#current?.element.removeAttribute("aria-selected");
    this.#current = item;
    item.element.setAttribute("aria-selected", "true");
    this.element.setAttribute("aria-activedescendant", item.element.id);
    item.element.scrollIntoView({ block: "nearest" });
    this.#selected(item.line);
  }

  #setOpen(layer: Item, open: boolean): void {
    layer.element.setAttribute("aria-expanded", String(open));
    if (open) this.#closed.delete(layer.line.name);
    else this.#closed.add(layer.line.name);
    for (const item of this.#items) if (item.parent === layer) item.element.hidden = !open;
  }

  #onClick(event: MouseEvent): void {
    const element = (event.target as HTMLElement).closest("[role=treeitem]");
    const item = this.#items.find((one) => one.element === element);
    if (item === undefined) return;
    const open = item.element.getAttribute("aria-expanded");
    // The left edge of a heading is its triangle.
    if (open !== null && event.clientX - item.element.getBoundingClientRect().left < 18)
      this.#setOpen(item, open !== "true");
    this.#select(item);
  }

  #onKey(event: KeyboardEvent): void {
    const shown = this.#items.filter(({ element }) => !element.hidden);
    const at = this.#current === undefined ? -1 : shown.indexOf(this.#current);
    const open = this.#current?.element.getAttribute("aria-expanded");
    let next: Item | undefined;
    if (event.key === "ArrowDown") next = shown[at + 1];
    else if (event.key === "ArrowUp") next = shown[Math.max(0, at - 1)];
    else if (event.key === "Home") next = shown[0];
    else if (event.key === "End") next = shown.at(-1);
    else if (event.key === "ArrowLeft" && open === "true") this.#setOpen(this.#current!, false);
    else if (event.key === "ArrowLeft") next = this.#current?.parent;
    else if (event.key === "ArrowRight" && open === "false") this.#setOpen(this.#current!, true);
    else if (event.key === "ArrowRight") next = shown[at + 1];
    else return;
    if (next !== undefined) this.#select(next);
    event.preventDefault();
  }
}
