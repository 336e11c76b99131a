import type { Arguments } from "./arguments.ts";

/** The exit code for a status: that of its class with --check-status and --download, else 0. */
export function exitCode(status: number, options: Arguments["options"]): number {
  if (!options["check-status"] && !options.download) return 0;
  return status >= 300 ? Math.floor(status / 100) : 0;
}
