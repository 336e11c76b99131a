import { describe, expect, it, test } from "vitest";
import { formatBytes, formatDuration, Progress, type ProgressOutput } from "./progress.ts";

test.each([
  [0, "0 B"],
  [1_023, "1023 B"],
  [1_024, "1.0 KiB"],
  [1_048_575, "1.0 MiB"],
  [1_572_864, "1.5 MiB"],
  [2 ** 50, "1.0 PiB"],
  [2 ** 53, "8.0 PiB"],
])("formatBytes(%d) is %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0, "0:00"],
  [0.1, "0:01"],
  [59.5, "1:00"],
  [61, "1:01"],
  [3_723, "1:02:03"],
])("formatDuration(%d) is %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

describe("Progress", () => {
  /** A transfer with a clock of its own: each step is a time and a position. */
  function shown(
    terminal: Omit<ProgressOutput, "write">,
    size: number,
    from: number,
    steps: [number, number][],
  ): string {
    let text = "";
    let time = 0;
    const output = {
      ...terminal,
      write: (part: string) => {
        text += part;
      },
    };
    const progress = new Progress("data", size, from, output, () => time);
    for (const [when, position] of steps) {
      time = when;
      progress.update(position);
    }
    progress.end();
    return text;
  }

  it("is a line every tenth where there is no terminal", () => {
    const steps: [number, number][] = [
      [500, 50],
      [1_000, 200],
      [1_500, 299],
      [2_000, 1_000],
    ];
    expect(shown({}, 1_000, 0, steps)).toBe(
      "data: 20 %, 200 B of 1000 B, 200 B/s, 0:04 left\ndata: 100 %, 1000 B of 1000 B, 500 B/s, 0:00 left\n",
    );
  });

  it("counts only what this try has moved", () => {
    expect(shown({}, 1_000, 800, [[1_000, 900]])).toBe("data: 90 %, 900 B of 1000 B, 100 B/s, 0:01 left\n");
  });

  it("forgets how fast it was long ago", () => {
    const steps = Array.from({ length: 40 }, (_, i): [number, number] => [i * 500, i < 20 ? i * 1_000 : 20_000 + i]);
    expect(shown({}, 20_040, 0, [...steps, [30_000, 20_040]])).toMatch(
      /100 %, 19\.6 KiB of 19\.6 KiB, \d{1,2} B\/s, 0:00 left\n$/,
    );
  });

  it("is a bar on a terminal, redrawn ten times a second and at the end", () => {
    const steps: [number, number][] = [
      [1_000, 250],
      [1_050, 260],
      [1_060, 1_000],
    ];
    const text = shown({ isTTY: true, columns: 80 }, 1_000, 0, steps);
    const [before, first, last] = text.split("\r");
    expect(before).toBe("");
    expect(first).toBe(`data [${"#".repeat(7)}${"-".repeat(23)}] 25 %, 250 B of 1000 B, 250 B/s, 0:03 left\u001b[K`);
    expect(last).toBe(`data [${"#".repeat(28)}] 100 %, 1000 B of 1000 B, 943 B/s, 0:00 left\u001b[K\n`);
  });

  it.each([10, 30, 60, 200])("fits into %d columns", (columns) => {
    const text = shown({ isTTY: true, columns }, 1e15, 0, [[1_000, 123_456_789_012]]);
    for (const line of text.split("\r")) expect(line.replace("\u001b[K", "").trimEnd().length).toBeLessThan(columns);
  });

  it("shows an empty file as done", () => {
    expect(shown({ isTTY: true }, 0, 0, [[1, 0]])).toContain("100 %, 0 B of 0 B");
  });
});
