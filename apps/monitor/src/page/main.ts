/** Puts the page together. */
import type { PacketRow, Snapshot } from "../engine/messages.ts";
import { TABLE_NAMES } from "../engine/table.ts";
import { CaptureControl } from "./capture-control.ts";
import { Chart } from "./chart.ts";
import type { Shape, Unit } from "./chart-data.ts";
import { DetailView } from "./detail-view.ts";
import { find, make, setText } from "./dom.ts";
import { EngineClient, type News } from "./engine-client.ts";
import { acceptFiles } from "./file-drop.ts";
import { FilterBox } from "./filter-box.ts";
import { listenToKeys } from "./keys.ts";
import { notice, withdraw } from "./notices.ts";
import { packetClass, packetColumns } from "./packet-columns.ts";
import { loadTheme, loadTimeFormat, saveTheme, saveTimeFormat, type Theme } from "./settings.ts";
import { SharesView } from "./shares-view.ts";
import { statusParts } from "./status-line.ts";
import { Tables } from "./tables.ts";
import { formatTime, TIME_FORMATS, type TimeFormat } from "./time-format.ts";
import { VirtualList } from "./virtual-list.ts";

let snapshot: Snapshot | undefined;
let sourceName = "";
let counts: Parameters<typeof statusParts>[0]["counts"];
let timeFormat = loadTimeFormat();

const engine = new EngineClient(onNews);
const chart = new Chart(find("chart"), find("readout"));
const shares = new SharesView();

const packets = new VirtualList<PacketRow>({
  label: "Packets",
  name: "packets",
  columns: packetColumns((row) => formatTime(timeFormat, row, snapshot ?? row, row.delta)),
  template: {
    wide: "5.5em 11.5em minmax(8em, 13fr) minmax(8em, 13fr) 6em 5em minmax(12em, 34fr)",
    narrow: "repeat(12, minmax(0, 1fr))",
  },
  ask: (from, rows) => void provide(from, rows),
  rowClass: packetClass,
  selected: (ordinal) => void openPacket(ordinal),
  activated: () => find("detail").querySelector<HTMLElement>(".tree")?.focus(),
});

const detail = new DetailView(closePacket);
const filterBox = new FilterBox(
  (expression) => void applyFilter(expression),
  () => tables.focus(),
);
const tables: Tables = new Tables(engine, packets as VirtualList<never>, filterBy, (tab) => {
  if (tab !== "packets") detail.hide();
  else if (packets.selection >= 0) void openPacket(packets.selection);
});

const capture = new CaptureControl(
  {
    started() {
      sourceName = capture.interface;
      counts = undefined;
      closePacket();
      engine.live();
      packets.follow();
    },
    stopped: drawStatus,
    packets: (bytes) => engine.take(bytes),
    counts(message) {
      counts = message;
      drawStatus();
    },
    filterProblem: (message, column) => filterBox.refuse(message, column),
  },
  () => filterBox.applied,
);

acceptFiles((file) => {
  if (capture.running) capture.stop();
  withdraw("file");
  sourceName = file.name;
  packets.following = false;
  closePacket();
  engine.open(file);
});

listenToKeys({
  filter: () => filterBox.focus(),
  escape: closePacket,
  tab: (number) => tables.show(["packets" as const, ...TABLE_NAMES][number - 1] ?? "packets"),
  theme: nextTheme,
});

function onNews(message: News): void {
  if (message.type === "snapshot") onSnapshot(message);
  else if (message.type === "taken") capture.taken(message.bytes);
  else if (message.type === "failed") notice("file", "error", `${sourceName}: ${message.message}`);
  else onLoaded(message.packets, message.milliseconds, message.problem);
}

function onLoaded(count: number, milliseconds: number, problem: string): void {
  // For measurements.
  document.body.dataset.loaded = String(count);
  document.body.dataset.milliseconds = milliseconds.toFixed(0);
  if (problem !== "") notice("file", "warning", `${sourceName}: ${problem}. Everything before it is shown.`);
}

function onSnapshot(next: Snapshot): void {
  const fresh = next.generation !== snapshot?.generation;
  snapshot = next;
  if (fresh) closePacket();
  packets.setEmpty(emptyText(next));
  packets.setRange(next.first, next.end, fresh);
  tables.update(next);
  chart.update(next.series);
  shares.update(next.shares, next.bytes);
  find<HTMLButtonElement>("save").disabled = next.end === next.first;
  drawStatus();
}

function emptyText({ state }: Snapshot): string {
  if (state === "empty") return "Drop a capture here, open one, or capture from an interface.";
  if (state === "ready") return "No packet passes the filter.";
  return state === "live" ? "Waiting for packets." : "";
}

function drawStatus(): void {
  // A capture that was stopped is like a file.
  const stopped = snapshot?.state === "live" && !capture.running;
  const shown = stopped && snapshot !== undefined ? { ...snapshot, state: "ready" as const } : snapshot;
  const state = find("state");
  state.className = shown?.state ?? "empty";
  const line = statusParts({ snapshot: shown, name: sourceName, filter: filterBox.applied, counts }).join(" · ");
  if (state.textContent !== line) state.replaceChildren(make("bdi", {}, line));
}

async function provide(from: number, rows: number): Promise<void> {
  const answer = await engine.packets(from, rows);
  if (answer.generation === snapshot?.generation) packets.provide(answer.from, answer.rows);
}

async function openPacket(ordinal: number): Promise<void> {
  const { rows } = await engine.packets(ordinal, 1);
  const found = rows[0] === undefined ? undefined : await engine.detail(rows[0].number);
  if (found !== undefined && packets.selection === ordinal && tables.current === "packets") {
    const opening = !detail.open;
    detail.show(found);
    // The list has become shorter: what was selected stays in view.
    if (opening) requestAnimationFrame(() => requestAnimationFrame(() => packets.reveal()));
  }
}

function closePacket(): void {
  const inside = find("detail").contains(document.activeElement);
  detail.hide();
  packets.deselect();
  if (inside) tables.focus();
}

async function applyFilter(expression: string): Promise<void> {
  const { problem, column } = await engine.filter(expression);
  if (problem !== "") return filterBox.refuse(problem, column);
  filterBox.accept(expression);
  capture.setFilter(expression);
  drawStatus();
}

function filterBy(expression: string): void {
  filterBox.apply(expression);
  tables.show("packets");
  tables.focus();
}

// --- What is shown, and how ---

const timeSelect = find<HTMLSelectElement>("time-format");
for (const [value, text] of Object.entries(TIME_FORMATS)) timeSelect.append(make("option", { value }, text));
timeSelect.value = timeFormat;
timeSelect.addEventListener("change", () => {
  timeFormat = timeSelect.value as TimeFormat;
  saveTimeFormat(timeFormat);
  packets.redraw();
});

find("unit").addEventListener("change", ({ target }) => {
  chart.unit = (target as HTMLSelectElement).value as Unit;
  chart.rebuild();
});
find("shape").addEventListener("change", ({ target }) => {
  chart.shape = (target as HTMLSelectElement).value as Shape;
  chart.rebuild();
});
find("window").addEventListener("change", ({ target }) => {
  const { value } = target as HTMLSelectElement;
  engine.setWindow(value === "" ? undefined : Number(value));
});

find("save").addEventListener("click", async () => {
  const link = make("a", { href: URL.createObjectURL(await engine.export()), download: "capture.pcapng" });
  link.click();
  URL.revokeObjectURL(link.href);
});

const THEMES: Readonly<Record<Theme, { readonly next: Theme; readonly sign: string }>> = {
  auto: { next: "dark", sign: "◐" },
  dark: { next: "light", sign: "●" },
  light: { next: "auto", sign: "○" },
};
let theme = loadTheme();

function nextTheme(): void {
  theme = THEMES[theme].next;
  saveTheme(theme);
  applyTheme();
}

function applyTheme(): void {
  document.documentElement.dataset.theme = theme;
  setText(find("theme"), THEMES[theme].sign);
  find("theme").setAttribute("aria-label", `Colours: ${theme}`);
  chart.rebuild();
}

find("theme").addEventListener("click", nextTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
applyTheme();
drawStatus();
packets.setEmpty("Drop a capture here, open one, or capture from an interface.");
