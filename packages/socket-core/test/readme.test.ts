import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readmeBlocks, readmeProblems, runReadmeBlock } from "../../../readme.shared.ts";
import * as core from "../src/index.ts";
import { packageFolder } from "./child.ts";

it("every block of the README is right in its types", () => {
  expect(readmeProblems(packageFolder)).toEqual([]);
}, 90_000);

it("its first block does what it says", async () => {
  const { status, stdout, stderr } = await runReadmeBlock(packageFolder, readmeBlocks(packageFolder)[0]!);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "connected: true\nHello, World!\n", stderr: "" });
});

it("its table of errors names every error class", () => {
  const text = readFileSync(join(packageFolder, "README.md"), "utf8");
  const classes = Object.keys(core).filter((name) => name.endsWith("Error"));
  for (const name of classes) expect(text).toMatch(new RegExp(`^\\|.*\`${name}\`.*\\|$`, "m"));
});

it("its table of capabilities names each one, and is right about this platform", () => {
  const text = readFileSync(join(packageFolder, "README.md"), "utf8");
  const [, table] = /^\| `capabilities`.*\n\|.*\n((?:\|.*\n)+)/m.exec(text)!;
  const claimed: Record<string, boolean> = {};
  for (const row of table!.trim().split("\n")) {
    const [, names, linux, macos] = row.split("|").map((cell) => cell.trim());
    const has = (process.platform === "darwin" ? macos : linux) === "yes";
    for (const [, name] of names!.matchAll(/`(\w+)`/g)) claimed[name!] = has;
  }
  expect(claimed).toEqual(core.capabilities);
});
