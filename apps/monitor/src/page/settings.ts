/** What the page remembers from one visit to the next. Storage may be off; then it remembers nothing. */
import { parseHistory } from "./filter-state.ts";
import { TIME_FORMATS, type TimeFormat } from "./time-format.ts";

const PREFIX = "sockeye-monitor-";

export type Theme = "auto" | "dark" | "light";

function read(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Full or forbidden: the setting lasts as long as the page.
  }
}

export function loadTheme(): Theme {
  const stored = read("theme");
  return stored === "dark" || stored === "light" ? stored : "auto";
}
export function saveTheme(theme: Theme): void {
  write("theme", theme);
}

export function loadTimeFormat(): TimeFormat {
  const stored = read("time") ?? "";
  return Object.hasOwn(TIME_FORMATS, stored) ? (stored as TimeFormat) : "relative";
}
export function saveTimeFormat(format: TimeFormat): void {
  write("time", format);
}

export function loadHistory(): string[] {
  return parseHistory(read("filters"));
}
export function saveHistory(history: readonly string[]): void {
  write("filters", JSON.stringify(history));
}
