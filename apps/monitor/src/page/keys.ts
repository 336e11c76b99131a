/** The keys, and the card that lists them. */
import { find, make } from "./dom.ts";

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "go to the filter; ↑ and ↓ there bring back earlier ones"],
  ["↑ ↓  PgUp PgDn  Home End", "move in a list; End stays at the newest"],
  ["Enter", "open the packet; in Conversations and Talkers, filter by the row"],
  ["Escape", "leave the filter; close the packet"],
  ["1 … 5", "the tabs"],
  ["t", "dark, light, or as the system has it"],
  ["?", "this card"],
];

export interface KeyHandlers {
  filter(): void;
  escape(): void;
  tab(number: number): void;
  theme(): void;
}

export function listenToKeys(handlers: KeyHandlers): void {
  const card = find<HTMLDialogElement>("keys");
  const close = make("button", { type: "button", class: "primary" }, "Close");
  close.addEventListener("click", () => card.close());
  card.append(
    make("h2", { id: "keys-title" }, "Keys"),
    make(
      "dl",
      {},
      ...KEYS.flatMap(([key, meaning]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, meaning)]),
    ),
    close,
  );
  find("help").addEventListener("click", () => card.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || card.open) return;
    const target = event.target as HTMLElement;
    if (event.key === "Escape") return handlers.escape();
    if (target.matches("input, select, textarea")) return;
    if (event.key === "/") handlers.filter();
    else if (event.key === "?") card.showModal();
    else if (event.key === "t") handlers.theme();
    else if (/^[1-5]$/.test(event.key)) handlers.tab(Number(event.key));
    else return;
    event.preventDefault();
  });
}
