import { spawnSync } from "node:child_process";

/** Whether a program is installed; says so when it is not, as tests that need it are skipped then. */
export function hasTool(name: string): boolean {
  const found = spawnSync(name, ["--version"]).error === undefined;
  if (!found) console.log(`Skipped: there is no ${name} (Debian: tshark, tcpdump).`);
  return found;
}
