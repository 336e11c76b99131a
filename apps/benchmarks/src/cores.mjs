import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * The core numbers in a Linux list such as "0-2,5".
 *
 * @param {string} list
 */
export function parseCores(list) {
  return list
    .trim()
    .split(",")
    .flatMap((part) => {
      const [first, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/**
 * One core for the server and another for the load; null where this process may use only one, or taskset is missing.
 *
 * @returns {{ server: number, load: number } | null}
 */
export function chooseCores() {
  const allowed = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  const [server, load] = allowed ? parseCores(allowed[1]) : [];
  if (load === undefined || spawnSync("taskset", ["--version"]).status !== 0) return null;
  return { server, load };
}
