/** Waiting for readiness alone, poll(2). */
import type { WaitOptions } from "./check.ts";
import { type Direction, defineCall, READ, WRITE } from "./operation.ts";
import type { Descriptor } from "./readiness.ts";

const waiting = (syscall: string, direction: Direction) =>
  defineCall<undefined, void>({ syscall, direction, attempt: () => 0, finish() {}, waitFirst: true });
const calls = { readable: waiting("readable", READ), writable: waiting("writable", WRITE) };

export function ready(
  owner: object,
  d: Descriptor,
  what: keyof typeof calls,
  options: WaitOptions | undefined,
): Promise<void> {
  return d.run(owner, calls[what], undefined, options);
}
