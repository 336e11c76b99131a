#!/usr/bin/env node
// Writes the tables of ratios in the READMEs from the committed results.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { quotes } from "./quotes.mjs";
import { formatQuotes, insertQuotes } from "./quoting.mjs";

const root = join(import.meta.dirname, "..", "..", "..");
for (const [readme, rows] of Object.entries(quotes)) {
  const path = join(root, readme);
  const table = formatQuotes(rows, relative(dirname(path), join(root, "apps/benchmarks/results")));
  writeFileSync(path, insertQuotes(readFileSync(path, "utf8"), table));
  console.log(readme);
}
