import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parseOptions } from "../src/options.mjs";
import { subjects } from "../src/subjects/index.mjs";

const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

const commands = [...readme.matchAll(/^pnpm bench(.*?)(?:#.*)?$/gm)].map(([, args]) => args!.trim());

it("shows commands", () => expect(commands.length).toBeGreaterThan(3));

it.each(commands)("shows a command that works: bench %s", (command) => {
  const args = command.split(" ").filter(Boolean);
  expect(() => parseOptions(args.map((arg) => (arg.endsWith(".json") ? join(folder, arg) : arg)))).not.toThrow();
});

it.each(subjects.map(({ name }) => name))("has a line about %s", (name) =>
  expect(readme).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, "m")),
);
