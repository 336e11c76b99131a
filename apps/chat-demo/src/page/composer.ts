/** Where one writes: several lines fit, Enter sends, Tab completes, arrow keys bring back what was sent. */
import { type Completions, complete, type Known } from "../session/complete.ts";
import { h, icon } from "./dom.ts";

/** A paste of more lines than this is not sent line by line. */
const MAX_LINES = 20;
const MAX_REMEMBERED = 50;

export interface Composer {
  readonly element: HTMLElement;
  focus(): void;
  /** Puts text where one writes, unless there is something already. */
  begin(text: string): void;
  setRoom(name: string): void;
}

export interface ComposerOptions {
  readonly known: () => Known;
  readonly onLine: (line: string) => void;
  readonly onProblem: (text: string) => void;
}

export function createComposer({ known, onLine, onProblem }: ComposerOptions): Composer {
  const field = h("textarea", {
    id: "composer",
    rows: 1,
    autocomplete: "off",
    enterkeyhint: "send",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-controls": "completions",
    "aria-expanded": "false",
    "aria-haspopup": "listbox",
  });
  const list = h("ul", {
    id: "completions",
    class: "completions",
    role: "listbox",
    "aria-label": "Completions",
    hidden: true,
  });
  const button = h(
    "button",
    { class: "button primary", "aria-label": "Send" },
    icon("M3.5 10 16.5 3.8 12.5 16.2 9.3 11Z", "M9.3 11l3-3"),
  );
  const label = h("label", { for: "composer", class: "only-heard" });
  const form = h("form", {}, list, label, field, button);
  const sent: string[] = [];
  let recalled = 0;
  let offered: Completions = { from: 0, options: [] };
  let chosen = 0;

  function offer(): void {
    const cursor = field.selectionStart;
    offered = field.selectionEnd === cursor ? complete(field.value, cursor, known()) : { from: 0, options: [] };
    chosen = 0;
    showOffer();
  }

  function hideOffer(): void {
    offered = { from: 0, options: [] };
    showOffer();
  }

  function showOffer(): void {
    const { options } = offered;
    list.hidden = options.length === 0;
    field.setAttribute("aria-expanded", String(options.length > 0));
    if (options.length === 0) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", `completion-${chosen}`);
    list.replaceChildren(
      ...options.map(({ text, hint }, i) => {
        const item = h(
          "li",
          { id: `completion-${i}`, role: "option", "aria-selected": String(i === chosen) },
          h("span", { class: "what" }, h("bdi", {}, text.trim())),
          hint !== "" && h("span", { class: "why" }, hint),
        );
        // Before the field loses the focus to a click.
        item.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          accept(i);
        });
        return item;
      }),
    );
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  }

  function accept(i: number): void {
    const option = offered.options[i];
    if (option === undefined) return;
    field.setRangeText(option.text, offered.from, field.selectionStart, "end");
    offer();
    field.focus();
  }

  function submit(): void {
    const lines = field.value.split(/\r\n|[\r\n]/).filter((line) => line.trim() !== "");
    if (lines.length > MAX_LINES) {
      onProblem(`Not sent: ${lines.length} lines, and ${MAX_LINES} at once are the most`);
      return;
    }
    for (const line of lines) onLine(line);
    if (lines.length > 0) {
      sent.push(field.value);
      if (sent.length > MAX_REMEMBERED) sent.shift();
    }
    recalled = sent.length;
    field.value = "";
    hideOffer();
  }

  function recallSent(step: number): boolean {
    const to = recalled + step;
    const isOneLine = !field.value.includes("\n");
    if (!isOneLine || to < 0 || to > sent.length) return false;
    recalled = to;
    field.value = sent[to] ?? "";
    field.setSelectionRange(field.value.length, field.value.length);
    hideOffer();
    return true;
  }

  field.addEventListener("keydown", (event) => {
    // Enter that ends the choice of a character belongs to the input method.
    if (event.isComposing) return;
    const open = offered.options.length > 0;
    const { key } = event;
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    if (open && key in moves) {
      chosen = (chosen + moves[key]! + offered.options.length) % offered.options.length;
      showOffer();
    } else if (open && key === "Tab" && !event.shiftKey) {
      accept(chosen);
    } else if (open && key === "Escape") {
      hideOffer();
    } else if (key === "Enter" && !event.shiftKey) {
      submit();
    } else if (
      !((key === "ArrowUp" && recallSent(-1)) || (key === "ArrowDown" && recalled < sent.length && recallSent(1)))
    ) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  field.addEventListener("input", () => {
    recalled = sent.length;
    offer();
  });
  field.addEventListener("blur", hideOffer);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
    field.focus();
  });

  return {
    element: h("div", { class: "composer" }, form),
    focus: () => field.focus(),
    begin(text) {
      if (field.value.trim() === "" || field.value.startsWith("/msg ")) field.value = text;
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
    },
    setRoom(name) {
      label.textContent = `Message to #${name}`;
      field.placeholder = `Message #${name}, or / for commands`;
    },
  };
}
