import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { formatList, parseOptions } from "./options.mjs";
import { subjects } from "./subjects/index.mjs";

const folder = mkdtempSync(join(tmpdir(), "bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

function output(args: string[]): string {
  let text = "";
  const write = (part: string): void => {
    text += part;
  };
  expect(() => parseOptions(args, { writeOut: write, writeErr: write })).toThrow();
  return text;
}

describe("parseOptions", () => {
  it("chooses every subject when none is named, and once when one is named twice", () => {
    expect(parseOptions([]).chosen).toEqual(subjects);
    expect(parseOptions(["lines", "accept", "lines"]).chosen.map(({ name }) => name)).toEqual(["lines", "accept"]);
  });

  it("reads the options", () => {
    const file = join(folder, "rows.json");
    expect(parseOptions(["lines", "--quick", "--check", "--json", file])).toMatchObject({
      quick: true,
      check: true,
      list: false,
      json: file,
    });
  });

  it("leaves a file that is there as it is", () => {
    const file = join(folder, "kept.json");
    writeFileSync(file, "[]");
    parseOptions(["--json", file]);
    expect(readFileSync(file, "utf8")).toBe("[]");
  });

  it.each([
    [
      ["tcp"],
      /'tcp' is invalid.*Expected one of: tcp-echo, lines, accept, idle-connections, udp-send, udp-receive, chat-fanout\./,
    ],
    [["--qick"], /unknown option '--qick'\n\(Did you mean --quick\?\)/],
    [["--json"], /option '--json <file>' argument missing/],
    [["--json", "/no/such/folder/rows.json"], /It cannot be written: ENOENT/],
  ])("refuses %j", (args, message) => expect(output(args)).toMatch(message));

  it("fits its help on a screen", () => {
    const lines = output(["--help"]).trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

it("lists cases, contestants and goals", () => {
  const list = formatList(subjects);
  for (const { name, cases } of subjects) {
    expect(list).toContain(`${name}: `);
    for (const { name: title } of cases) expect(list).toContain(`  ${title}: `);
  }
  expect(list).toContain("aboveFloor, @sockeye/socket-core / node:net ≤ 0.7");
});

it("compares only contestants that take part", () => {
  for (const { cases, growth } of subjects) {
    for (const { contestants, comparisons } of cases) {
      const names = contestants.map(({ name }) => name);
      for (const { ours, peer } of comparisons) expect(names).toEqual(expect.arrayContaining([ours, peer]));
    }
    expect(growth.contestants.map(({ name }) => name)).toEqual(expect.arrayContaining([growth.ours, growth.peer]));
  }
});
