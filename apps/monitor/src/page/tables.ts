/** The tabs: the packet list and the other tables, of which one is in view. */

import type { Snapshot } from "../engine/messages.ts";
import { type Sort, TABLE_NAMES, TABLES, type TableName } from "../engine/table.ts";
import { find, make, setText } from "./dom.ts";
import type { EngineClient } from "./engine-client.ts";
import { count } from "./quantity.ts";
import { rowFilter, type TableRow, tableColumns, tableTemplate } from "./table-columns.ts";
import { VirtualList } from "./virtual-list.ts";

type TabName = "packets" | TableName;

interface Tab {
  readonly name: TabName;
  readonly button: HTMLButtonElement;
  readonly badge: HTMLElement;
  readonly panel: HTMLElement;
  readonly list: VirtualList<never> | VirtualList<TableRow>;
}

export class Tables {
  readonly #engine: EngineClient;
  readonly #tabs: Tab[] = [];
  readonly #lists = new Map<TableName, VirtualList<TableRow>>();
  readonly #sorts = new Map<TableName, Sort>();
  readonly #shown: (tab: TabName) => void;
  #current: TabName = "packets";
  #generation = -1;

  /** `filter` is asked for by a row; `shown` is told which tab came into view. */
  constructor(
    engine: EngineClient,
    packets: VirtualList<never>,
    filter: (expression: string) => void,
    shown: (tab: TabName) => void,
  ) {
    this.#engine = engine;
    this.#shown = shown;
    this.#add("packets", "Packets", packets);
    for (const name of TABLE_NAMES) {
      const list: VirtualList<TableRow> = new VirtualList<TableRow>({
        label: TABLES[name].title,
        name: `table ${name}`,
        columns: tableColumns(name),
        template: tableTemplate(name),
        ask: (from, rows) => void this.#ask(name, list, from, rows),
        activated: (row) => {
          const expression = rowFilter(name, row);
          if (expression !== undefined) filter(expression);
        },
        sorted: (column) => this.#sort(name, list, column),
      });
      const { sort } = TABLES[name];
      this.#sorts.set(name, sort);
      list.setSort(sort.column, sort.descending);
      this.#lists.set(name, list);
      this.#add(name, TABLES[name].title, list);
    }
    find("tabs").addEventListener("keydown", (event) => this.#onKey(event));
    this.show("packets");
  }

  get current(): TabName {
    return this.#current;
  }

  show(name: TabName): void {
    this.#current = name;
    for (const tab of this.#tabs) {
      const selected = tab.name === name;
      tab.button.setAttribute("aria-selected", String(selected));
      tab.button.tabIndex = selected ? 0 : -1;
      tab.panel.hidden = !selected;
    }
    this.#shown(name);
  }

  /** Puts the keyboard into the table in view. */
  focus(): void {
    this.#tabs.find(({ name }) => name === this.#current)?.list.element.focus({ preventScroll: true });
  }

  update(snapshot: Snapshot): void {
    const fresh = snapshot.generation !== this.#generation;
    this.#generation = snapshot.generation;
    for (const { name, badge } of this.#tabs) {
      const rows = name === "packets" ? snapshot.end - snapshot.first : snapshot.tables[name];
      setText(badge, rows === 0 ? "" : count(rows));
    }
    for (const [name, list] of this.#lists) {
      list.setEmpty(snapshot.state === "empty" ? "" : "Nothing of this kind so far.");
      list.setRange(0, snapshot.tables[name], fresh);
      // Only what is in view is asked for again.
      if (name === this.#current) list.refresh();
    }
  }

  #add(name: TabName, title: string, list: VirtualList<never> | VirtualList<TableRow>): void {
    const badge = make("span", { class: "badge" });
    const button = make(
      "button",
      { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` },
      title,
      badge,
    );
    const panel = make(
      "div",
      { class: "panel", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` },
      list.element,
    );
    button.addEventListener("click", () => this.show(name));
    find("tabs").append(button);
    find("panels").append(panel);
    this.#tabs.push({ name, button, badge, panel, list });
  }

  async #ask(name: TableName, list: VirtualList<TableRow>, from: number, rows: number): Promise<void> {
    const generation = this.#generation;
    const answer = await this.#engine.table(name, from, rows, this.#sorts.get(name)!);
    if (generation === this.#generation) list.provide(answer.from, answer.rows);
  }

  #sort(name: TableName, list: VirtualList<TableRow>, column: number): void {
    const before = this.#sorts.get(name)!;
    const number = TABLES[name].columns[column]!.kind !== "text";
    const descending = before.column === column ? !before.descending : number;
    this.#sorts.set(name, { column, descending });
    list.setSort(column, descending);
    list.refresh();
  }

  #onKey(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const at = this.#tabs.findIndex(({ name }) => name === this.#current);
    const next = this.#tabs[(at + step + this.#tabs.length) % this.#tabs.length]!;
    this.show(next.name);
    next.button.focus();
    event.preventDefault();
  }
}
