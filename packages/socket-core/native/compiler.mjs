// Which C compiler to use: `cc` where there is one, else Zig from the npm registry.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const zigFolder = join(import.meta.dirname, "zig");
const zig = join(zigFolder, "node_modules", ".bin", "zig");

/** A compiler without the headers of the C library is of no use. */
function works(command) {
  const input = "#include <stdlib.h>\n#include <sys/socket.h>\n";
  const { status } = spawnSync(command, ["-fsyntax-only", "-x", "c", "-"], {
    input,
    stdio: ["pipe", "ignore", "ignore"],
  });
  return status === 0;
}

/** Fetches the pinned Zig (about 400 MB), once. */
function installZig() {
  if (existsSync(zig)) return;
  console.error("No C compiler found: fetching Zig from the npm registry (about 400 MB, once) …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: zigFolder,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0 || !existsSync(zig)) {
    console.error("Zig could not be installed. Install a C compiler (for example gcc or clang) and try again.");
    process.exit(1);
  }
}

/**
 * What Zig builds for, by the folder in ../prebuilds. On Linux the oldest glibc that Node.js 20 itself could run on, so
 * that the result runs anywhere.
 */
const zigTargets = {
  "linux-x64": "x86_64-linux-gnu.2.17",
  "linux-arm64": "aarch64-linux-gnu.2.17",
  "linux-x64-musl": "x86_64-linux-musl",
  "linux-arm64-musl": "aarch64-linux-musl",
  "darwin-x64": "x86_64-macos.11.0",
  "darwin-arm64": "aarch64-macos.11.0",
};

/** The platforms of a release. */
export const releaseTargets = Object.keys(zigTargets);

/** Zig for one of the platforms of a release, or for this machine where it is none of them. */
export function zigCompiler(target) {
  const triple = zigTargets[target];
  return {
    command: zig,
    args: ["cc", ...(triple === undefined ? [] : ["-target", triple])],
    name: "zig cc",
    prepare: installZig,
  };
}

/**
 * Returns the command and leading arguments of a C compiler for this machine, whose folder in ../prebuilds is `target`.
 * `CC` names another one; `CC=zig` asks for Zig even where `cc` exists. Call `prepare`, where there is one, before use.
 */
export function findCompiler(target) {
  const wanted = process.env.CC;
  if (wanted && wanted !== "zig") return { command: wanted, args: [], name: wanted };
  if (!wanted && works("cc")) return { command: "cc", args: [], name: "cc" };
  return zigCompiler(target);
}
