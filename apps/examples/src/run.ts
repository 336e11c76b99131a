/** `npm run example -- NAME [ARGUMENT ...]`: runs one of the programs in this folder. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { printable } from "./terminal/printable.ts";

const self = basename(import.meta.filename);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".js") && file !== self)
  .map((file) => basename(file, ".js"));

/** What a program says of itself: the comment that its source begins with. */
function about(name: string): string {
  const source = readFileSync(join(import.meta.dirname, "..", "src", `${name}.ts`), "utf8");
  const [, comment = ""] = /^\/\*\*(.*?)\*\//s.exec(source) ?? [];
  return comment.replace(/^ *\* ?/gm, "").trim();
}

function list(): string {
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => {
    const [what] = about(name)
      .replace(/\s+/g, " ")
      .split(/[.:;] |(?<=[?]) /);
    return `  ${name.padEnd(width)}  ${what!.replace(/\.$/, "")}`;
  });
  return `Usage: npm run example -- NAME [ARGUMENT ...], or NAME --help\n\n${lines.join("\n")}`;
}

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  const asked = name === undefined || name === "--help";
  if (!asked) console.error(`There is no example "${name}".\n`);
  console.log(list());
  process.exitCode = asked ? 0 : 1;
} else if (args.includes("--help") && about(name).includes("\nUsage: ")) {
  console.log(about(name).replace("\nUsage: ", "\nUsage: npm run example -- "));
} else {
  // The program finds its arguments where it would without this one.
  process.argv.splice(1, 1);
  try {
    await import(new URL(`./${name}.js`, import.meta.url).href);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Node's advice is about arguments that begin with a dash, which no program here takes.
    if (code?.startsWith("ERR_PARSE_ARGS"))
      console.error(`${message.replace(/\. To specify .*/s, "")}; ${name} --help says what there is`);
    // It may quote what a peer has sent.
    else console.error(error instanceof Error ? printable(message) : error);
    process.exitCode = 1;
  }
}
