import { spawnSync } from "node:child_process";

const program = [
  "import platform",
  "print(platform.python_implementation(), platform.python_version())",
  "try:",
  "  import uvloop",
  "  print('uvloop', uvloop.__version__)",
  "except ImportError: pass",
].join("\n");

/** Python: the environment variable PYTHON names another than the one that Debian's python3-uvloop belongs to. */
export const python = process.env.PYTHON || "/usr/bin/python3";

/**
 * The versions of Python and, if it has that, of uvloop; none when Python is not installed.
 *
 * @returns {string[]}
 */
export function pythonVersions() {
  const { status, stdout } = spawnSync(python, ["-c", program], { encoding: "utf8" });
  return status === 0 ? stdout.trim().split("\n") : [];
}
