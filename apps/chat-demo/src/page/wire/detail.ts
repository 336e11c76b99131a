/** One packet, opened: the decoded tree, and its bytes beside it. Each knows where the other has the same field. */
import { describeLayer, type LayerView, type Packet } from "@sockeye/pcap-decode";
import { printable } from "../../protocol/text.ts";
import { h } from "../dom.ts";
import { framesOf, saidIn } from "./said.ts";

export interface Detail {
  readonly element: HTMLElement;
}

/** Bytes `[start, end)` of the packet. */
interface Range {
  readonly start: number;
  readonly end: number;
}

interface Leaf extends Range {
  readonly name: string;
  readonly text: string;
}

interface Branch extends Range {
  readonly name: string;
  readonly summary: string;
  readonly leaves: readonly Leaf[];
}

const PER_LINE = 16;
/** A packet on loopback has up to 64 KiB; more lines than this nobody reads. */
const MAX_BYTES_SHOWN = 4_096;

/** The packet as a tree: a branch for each layer, one for what the chat says, and one for what is left. */
function branches(packet: Packet): Branch[] {
  const all = packet.layers.map((view) => branch(view, packet.offset));
  const { payload } = packet;
  const frames = framesOf(packet);
  for (const frame of frames) all.push(branch(frame, packet.offset));
  const said = saidIn(packet);
  if (payload.length > 0) {
    const start = payload.byteOffset - packet.buffer.byteOffset - packet.offset;
    const text = said ?? `${payload.length} bytes that no layer decodes`;
    const place = { start, end: start + payload.length };
    const leaves = text.split("\n").map((line, i) => ({ name: i === 0 ? "text" : "", text: line, ...place }));
    all.push({ name: said === undefined ? "Payload" : "Chat", summary: `${payload.length} bytes`, leaves, ...place });
  }
  const { error } = packet;
  if (error !== undefined) {
    const place = { start: error.offset, end: packet.capturedLength };
    all.push({ name: "Error", summary: `${error.layer}: ${error.code}`, leaves: [], ...place });
  }
  return all;
}

function branch(view: LayerView, base: number): Branch {
  const definition = view.layer.definition as { summary?(view: LayerView): string };
  return {
    name: view.layer.name,
    summary: definition.summary?.(view) ?? "",
    start: view.offset - base,
    end: view.offset + view.headerLength - base,
    leaves: describeLayer(view).map(({ name, texts, start, end }) => ({
      name,
      text: texts.join("\n"),
      start: start - base,
      end: end - base,
    })),
  };
}

/** Opens a packet. */
export function openDetail(packet: Packet): Detail {
  const tree = h("ul", { class: "tree", role: "tree", "aria-label": "Decoded packet" });
  const hex = h("div", { class: "hex", tabindex: "0", role: "group", "aria-label": "Bytes of the packet" });
  const bytes = showBytes(packet, hex);
  const items: { element: HTMLElement; mark: HTMLElement; range: Range }[] = [];
  let selected: number | undefined;

  function highlight(i: number | undefined): void {
    for (const item of items) item.mark.classList.remove("hot");
    for (const pair of bytes) for (const byte of pair) byte.classList.remove("hot");
    const item = items[i ?? -1];
    if (item === undefined) return;
    item.mark.classList.add("hot");
    for (const pair of bytes.slice(item.range.start, item.range.end))
      for (const byte of pair) byte.classList.add("hot");
  }

  function select(i: number, focus: boolean): void {
    for (const [at, { element }] of items.entries()) {
      element.setAttribute("aria-selected", String(at === i));
      element.tabIndex = at === i ? 0 : -1;
    }
    selected = i;
    highlight(i);
    bytes[items[i]!.range.start]?.[0].scrollIntoView({ block: "nearest" });
    if (focus) items[i]!.element.focus();
  }

  function item(element: HTMLElement, mark: HTMLElement, range: Range): void {
    const i = items.length;
    items.push({ element, mark, range });
    mark.addEventListener("pointerenter", () => highlight(i));
    mark.addEventListener("pointerleave", () => highlight(selected));
    mark.addEventListener("click", () => {
      if (element.classList.contains("layer")) toggle(element, element.getAttribute("aria-expanded") !== "true");
      select(i, true);
    });
  }

  const all = branches(packet);
  for (const [i, { name, summary, leaves, ...range }] of all.entries()) {
    // What is innermost is what one opens a packet for.
    const expanded = i === all.length - 1;
    const label = h("div", { class: "label" }, h("b", {}, name), h("span", {}, h("bdi", {}, printable(summary))));
    const group = h("ul", { role: "group" });
    const element = h(
      "li",
      { class: "layer", role: "treeitem", tabindex: "-1", "aria-expanded": String(expanded) },
      label,
      group,
    );
    element.setAttribute("aria-label", `${name} ${printable(summary)}`);
    item(element, label, range);
    for (const leaf of leaves) {
      const value = h("span", { class: "value" }, h("bdi", {}, leaf.text.split("\n").map(printable).join("\n")));
      const row = h(
        "li",
        { class: "leaf", role: "treeitem", tabindex: "-1" },
        h("span", { class: "key" }, leaf.name),
        value,
      );
      item(row, row, leaf);
      group.append(row);
    }
    tree.append(element);
  }
  const innermost = items.findLastIndex(({ element }) => element.classList.contains("layer"));
  if (innermost >= 0) select(innermost, false);

  tree.addEventListener("keydown", (event) => {
    const at = items.findIndex(({ element }) => element === document.activeElement);
    if (at < 0) return;
    const { element } = items[at]!;
    const visible = (i: number): boolean => items[i]?.element.offsetParent != null;
    const step = (by: number): void => {
      let to = at + by;
      while (to >= 0 && to < items.length && !visible(to)) to += by;
      if (to >= 0 && to < items.length) select(to, true);
    };
    const isLayer = element.classList.contains("layer");
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "Home") select(0, true);
    else if (event.key === "ArrowRight" && isLayer) toggle(element, true);
    else if (event.key === "ArrowLeft" && isLayer) toggle(element, false);
    else if (event.key === "ArrowLeft") {
      select(
        items.findIndex((other) => other.element === element.parentElement?.parentElement),
        true,
      );
    } else return;
    event.preventDefault();
  });

  // A byte shows the innermost field that has it.
  hex.addEventListener("pointerover", ({ target }) => {
    const at = Number((target as HTMLElement).dataset.at ?? Number.NaN);
    if (Number.isNaN(at)) return;
    const i = items.findLastIndex(({ range }) => at >= range.start && at < range.end);
    highlight(i < 0 ? undefined : i);
    items[i]?.mark.scrollIntoView({ block: "nearest" });
  });
  hex.addEventListener("pointerleave", () => highlight(selected));
  return { element: h("div", { class: "opened-packet" }, tree, hex) };
}

function toggle(element: HTMLElement, expanded: boolean): void {
  element.setAttribute("aria-expanded", String(expanded));
}

/** The bytes as hexadecimal digits and as characters, sixteen a line; returns both elements of each byte. */
function showBytes(packet: Packet, into: HTMLElement): (readonly [HTMLElement, HTMLElement])[] {
  const { bytes } = packet;
  const shown = Math.min(bytes.length, MAX_BYTES_SHOWN);
  const pairs: (readonly [HTMLElement, HTMLElement])[] = [];
  for (let line = 0; line < shown; line += PER_LINE) {
    const digits = h("span");
    const characters = h("span", { "aria-hidden": "true" });
    for (let at = line; at < line + PER_LINE; at++) {
      if (at === line + PER_LINE / 2) digits.append(" ");
      if (at >= shown) {
        digits.append("   ");
        continue;
      }
      const byte = bytes[at]!;
      const digit = h("span", { class: "byte", "data-at": at }, byte.toString(16).padStart(2, "0"));
      const character = h(
        "span",
        { class: "byte", "data-at": at },
        byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·",
      );
      digits.append(digit, " ");
      characters.append(character);
      pairs.push([digit, character]);
    }
    into.append(
      h("div", {}, h("span", { class: "at" }, line.toString(16).padStart(4, "0"), "  "), digits, " ", characters),
    );
  }
  if (shown < bytes.length) into.append(h("div", { class: "at" }, `and ${bytes.length - shown} bytes more`));
  return pairs;
}
