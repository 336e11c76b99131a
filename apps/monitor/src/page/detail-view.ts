/** A packet opened up: the tree and the bytes beside each other, each showing where the other points. */
import type { Detail } from "../engine/detail.ts";
import { find, make } from "./dom.ts";
import { HexView } from "./hex-view.ts";
import { count } from "./quantity.ts";
import { TreeView } from "./tree-view.ts";

export class DetailView {
  readonly #element = find("detail");
  readonly #title = make("h2", {});
  readonly #tree: TreeView;
  readonly #hex: HexView;
  #number = -1;

  constructor(closed: () => void) {
    this.#tree = new TreeView((line) => this.#hex.mark(line.start, line.end));
    this.#hex = new HexView((offset) => this.#tree.selectByte(offset));
    const close = make(
      "button",
      { type: "button", class: "close", title: "Close (Escape)", "aria-label": "Close" },
      "×",
    );
    close.addEventListener("click", closed);
    this.#element.append(
      make("header", {}, this.#title, close),
      make("div", { class: "sides" }, this.#tree.element, this.#hex.element),
    );
  }

  get open(): boolean {
    return !this.#element.hidden;
  }

  show(detail: Detail): void {
    this.#element.hidden = false;
    if (detail.number === this.#number) return;
    this.#number = detail.number;
    const { bytes, originalLength } = detail;
    const cut = bytes.length < originalLength ? `${count(bytes.length)} of ` : "";
    this.#title.replaceChildren(
      make("b", {}, `Packet ${count(detail.number + 1)}`),
      make("span", {}, `${cut}${count(originalLength)} bytes`),
      make("bdi", {}, detail.summary),
    );
    this.#tree.show(detail.lines);
    this.#hex.show(bytes);
  }

  hide(): void {
    this.#element.hidden = true;
    this.#number = -1;
  }
}
