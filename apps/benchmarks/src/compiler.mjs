import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

// The one that builds the addon, so that a machine that can build that can run this. It is a build script of its package, not
// part of what that exports.
const { findCompiler } = await import(
  new URL("../../../packages/socket-core/native/compiler.mjs", import.meta.url).href
);

const folder = join(import.meta.dirname, "..", "load");

/**
 * The path of a program in load/, compiled when its source is newer than it is.
 *
 * @param {"load" | "server" | "datagrams" | "fanout"} name
 */
export function compiled(name) {
  const source = join(folder, `${name}.c`);
  const program = join(folder, "bin", name);
  const changed = Math.max(...[source, join(folder, "common.h")].map((file) => statSync(file).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs > changed) return program;

  const { command, args } = findCompiler();
  mkdirSync(join(folder, "bin"), { recursive: true });
  // Two runs may compile at once: a finished program appears under its name in one step.
  const temporary = `${program}.${process.pid}`;
  const flags = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", temporary, source];
  const { status, stderr, error } = spawnSync(command, [...args, ...flags], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} could not compile ${source}:\n${error?.message ?? stderr}`);
  renameSync(temporary, program);
  return program;
}
