/** The bytes of a packet, as numbers and as text. */
import { make } from "./dom.ts";

/** Bytes that are shown at once; more on demand. */
const PAGE = 2048;

export class HexView {
  readonly element: HTMLElement;
  readonly #chosen: (offset: number) => void;
  #bytes: Uint8Array = new Uint8Array(0);
  #cells: HTMLElement[] = [];
  #letters: HTMLElement[] = [];
  #marked: [number, number] = [0, 0];
  #shown = 0;
  readonly #lines: HTMLElement;
  readonly #more: HTMLButtonElement;

  constructor(chosen: (offset: number) => void) {
    this.#chosen = chosen;
    this.#lines = make("div", { class: "lines" });
    this.#more = make("button", { type: "button", class: "more" });
    this.element = make(
      "div",
      { class: "hex", tabindex: "0", role: "group", "aria-label": "Bytes" },
      this.#lines,
      this.#more,
    );
    this.#more.addEventListener("click", () => this.#showMore());
    this.#lines.addEventListener("click", (event) => {
      const at = (event.target as HTMLElement).dataset.at;
      if (at !== undefined) this.#chosen(Number(at));
    });
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
  }

  show(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#cells = [];
    this.#letters = [];
    this.#marked = [0, 0];
    this.#shown = 0;
    this.#lines.replaceChildren();
    this.#showMore();
    this.element.scrollTop = 0;
  }

  /** Highlights `[start, end)`. */
  mark(start: number, end: number): void {
    while (this.#shown < Math.min(start + 1, this.#bytes.length)) this.#showMore();
    for (let at = this.#marked[0]; at < this.#marked[1]; at++) this.#paint(at, false);
    this.#marked = [start, end];
    for (let at = start; at < end; at++) this.#paint(at, true);
    this.#cells[start]?.scrollIntoView({ block: "nearest" });
  }

  #paint(at: number, on: boolean): void {
    this.#cells[at]?.classList.toggle("marked", on);
    this.#letters[at]?.classList.toggle("marked", on);
  }

  #showMore(): void {
    const width = matchMedia("(max-width: 700px)").matches ? 8 : 16;
    const end = Math.min(this.#bytes.length, this.#shown + PAGE);
    for (let at = this.#shown; at < end; at += width)
      this.#lines.append(this.#line(at, Math.min(end, at + width), width));
    this.#shown = end;
    this.#more.hidden = end >= this.#bytes.length;
    this.#more.textContent = `Show more: ${this.#bytes.length - end} bytes`;
    for (let at = this.#marked[0]; at < this.#marked[1]; at++) this.#paint(at, true);
  }

  #line(from: number, to: number, width: number): HTMLElement {
    const numbers = make("span", { class: "numbers" });
    const letters = make("span", { class: "letters", "aria-hidden": "true" });
    for (let at = from; at < to; at++) {
      const byte = this.#bytes[at]!;
      const cell = make("span", { "data-at": String(at) }, byte.toString(16).padStart(2, "0"));
      const printable = byte >= 0x20 && byte < 0x7f;
      const letter = make(
        "span",
        { "data-at": String(at), ...(printable ? {} : { class: "control" }) },
        printable ? String.fromCharCode(byte) : "·",
      );
      if (at - from === width / 2) cell.style.marginInlineStart = "0.6em";
      numbers.append(cell);
      letters.append(letter);
      this.#cells[at] = cell;
      this.#letters[at] = letter;
    }
    return make(
      "div",
      { class: "line" },
      make("span", { class: "at" }, from.toString(16).padStart(4, "0")),
      numbers,
      letters,
    );
  }

  #onKey(event: KeyboardEvent): void {
    const width = matchMedia("(max-width: 700px)").matches ? 8 : 16;
    const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width };
    const step = steps[event.key];
    if (step === undefined) return;
    const forward = step > 0 && this.#marked[1] > this.#marked[0] ? this.#marked[1] - 1 : this.#marked[0];
    const at = forward + step;
    if (at >= 0 && at < this.#bytes.length) this.#chosen(at);
    event.preventDefault();
  }
}
