/** Messages above everything, one of each kind at a time. */
import { find, make } from "./dom.ts";

const shown = new Map<string, HTMLElement>();

/** Shows a message until the reader closes it or another of its kind replaces it. */
export function notice(kind: string, level: "warning" | "error", text: string): void {
  withdraw(kind);
  const close = make("button", { type: "button", class: "close", "aria-label": "Close the message" }, "×");
  close.addEventListener("click", () => withdraw(kind));
  const element = make("div", { class: `notice ${level}`, "data-kind": kind }, make("bdi", {}, text), close);
  shown.set(kind, element);
  find("notices").append(element);
}

/** Takes a message back. */
export function withdraw(kind: string): void {
  shown.get(kind)?.remove();
  shown.delete(kind);
}
