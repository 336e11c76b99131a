/** Interfaces of this run's own; ip-link(8), veth(4). They need root. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";

export const isRoot: boolean = process.getuid?.() === 0;

/** Runs a program to its end; what it prints. Throws with what it says on standard error. */
export function command(line: string): string {
  const [program, ...args] = line.split(" ");
  return execFileSync(program!, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** A name that no other run has; interface names have at most 15 characters. */
export function uniqueName(prefix: string): string {
  return `${prefix}${randomBytes(3).toString("hex")}`;
}
