/** `npm run example -- NAME [ARGUMENT ...]`: runs one of the programs in this folder. */
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { printable } from "./terminal/printable.ts";

const self = basename(import.meta.filename);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".js") && file !== self)
  .map((file) => basename(file, ".js"));

const name = process.argv[2];
if (name === undefined || !names.includes(name)) {
  const asked = name === undefined || name === "--help";
  if (!asked) console.error(`There is no example "${name}".\n`);
  console.log(
    `Usage: npm run example -- NAME [ARGUMENT ...]\n\nThe examples:\n${names.map((known) => `  ${known}`).join("\n")}`,
  );
  process.exitCode = asked ? 0 : 1;
} else {
  // The program finds its arguments where it would without this one.
  process.argv.splice(1, 1);
  try {
    await import(new URL(`./${name}.js`, import.meta.url).href);
  } catch (error) {
    // It may quote what a peer has sent.
    console.error(error instanceof Error ? printable(error.message) : error);
    process.exitCode = 1;
  }
}
