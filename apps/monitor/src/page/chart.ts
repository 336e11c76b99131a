/** Throughput over time. */
import uPlot from "uplot";
import { CATEGORIES } from "../engine/protocol.ts";
import type { Series } from "../engine/throughput.ts";
import { chartData, type Shape, type Unit } from "./chart-data.ts";
import { bitRate, packetRate } from "./quantity.ts";

export class Chart {
  readonly #place: HTMLElement;
  readonly #readout: HTMLElement;
  #plot: uPlot | undefined;
  #series: Series | undefined;
  #totals: readonly number[] = [];
  unit: Unit = "bits";
  shape: Shape = "stacked";

  constructor(place: HTMLElement, readout: HTMLElement) {
    this.#place = place;
    this.#readout = readout;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(place);
  }

  /** Shows other data. */
  update(series: Series): void {
    this.#series = series;
    if (this.#plot === undefined) this.rebuild();
    else this.#setData();
  }

  /** Starts over: colours, unit or shape changed. */
  rebuild(): void {
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), [[]], this.#place);
    this.#setData();
  }

  #setData(): void {
    if (this.#series === undefined) return;
    const { times, rows, totals } = chartData(this.#series, this.unit, this.shape);
    this.#totals = totals;
    this.#plot!.setData([times, ...rows]);
    this.#say(this.#plot!.cursor.idx ?? null);
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(100, this.#place.clientWidth), height: Math.max(80, this.#place.clientHeight) };
  }

  #options(): uPlot.Options {
    const rate = this.#rate();
    const stacked = this.shape === "stacked";
    const font = "11px Inter, system-ui, sans-serif";
    const axis = {
      stroke: resolve(this.#place, "--muted"),
      font,
      grid: { stroke: resolve(this.#place, "--grid"), width: 1 },
      ticks: { show: false },
    };
    return {
      ...this.#size(),
      padding: [8, 22, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: true }, y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.05 : 1] } },
      axes: [
        {
          ...axis,
          space: 90,
          size: 24,
          values: (_plot, splits, _axis, _space, step) => splits.map((at) => tickText(at, step)),
        },
        {
          ...axis,
          size: 76,
          space: 32,
          values: (_plot, splits) => splits.map((value) => (value === 0 ? "0" : rate(value))),
        },
      ],
      series: [
        {},
        ...CATEGORIES.map((name) => {
          const stroke = resolve(this.#place, `--c-${name.toLowerCase()}`);
          return {
            label: name,
            stroke,
            width: stacked ? 0 : 1.5,
            points: { show: false },
            paths: uPlot.paths.stepped!({ align: 1 }),
            ...(stacked ? { fill: stroke } : {}),
          };
        }),
      ],
      hooks: { setCursor: [(plot) => this.#say(plot.cursor.idx ?? null)] },
    };
  }

  #rate(): (value: number) => string {
    return this.unit === "bits" ? bitRate : packetRate;
  }

  /** Beside the title: the moment under the pointer, otherwise the last one. */
  #say(index: number | null): void {
    const at = index ?? this.#totals.length - 2;
    const total = this.#totals[at];
    if (total === undefined || this.#series === undefined) {
      this.#readout.textContent = "";
      return;
    }
    const time = new Date((this.#series.start + at * this.#series.step) * 1000);
    this.#readout.textContent = `${index === null ? "" : `${time.toLocaleTimeString("en-GB")}  `}${this.#rate()(total)}`;
  }
}

/** The time below the chart: as much of it as tells two ticks apart. */
function tickText(seconds: number, step: number): string {
  const date = new Date(seconds * 1000);
  if (step >= 86_400) return date.toLocaleDateString();
  const time = date.toLocaleTimeString("en-GB");
  if (step >= 60) return time.slice(0, 5);
  return step >= 1 ? time : `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** The colour that a variable has now. */
function resolve(place: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
