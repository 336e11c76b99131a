/** Two views of the same room: what is said, and its packets. */
import { h } from "./dom.ts";

export interface Tabs {
  readonly element: HTMLElement;
  select(id: string): void;
}

export interface Tab {
  readonly id: string;
  readonly label: string;
  readonly panel: HTMLElement;
}

/** Tabs as the ARIA practices have them: arrow keys move, and moving selects. */
export function createTabs(tabs: readonly Tab[], onSelect: (id: string) => void): Tabs {
  const buttons = tabs.map(({ id, label, panel }) => {
    const button = h("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}` }, label);
    panel.id = `panel-${id}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${id}`);
    button.addEventListener("click", () => select(id));
    return button;
  });
  const element = h("div", { class: "tabs", role: "tablist", "aria-label": "View" }, ...buttons);
  element.addEventListener("keydown", ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (step === undefined) return;
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const to = (at + step + tabs.length) % tabs.length;
    select(tabs[to]!.id);
    buttons[to]!.focus();
  });

  function select(chosen: string): void {
    for (const [i, { id, panel }] of tabs.entries()) {
      buttons[i]!.setAttribute("aria-selected", String(id === chosen));
      buttons[i]!.tabIndex = id === chosen ? 0 : -1;
      panel.hidden = id !== chosen;
    }
    onSelect(chosen);
  }
  select(tabs[0]!.id);
  return { element, select };
}
