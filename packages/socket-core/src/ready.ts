/** Waiting for readiness alone, poll(2). */
import { checkWait, type WaitOptions } from "./check.ts";
import { type Descriptor, READ, WRITE } from "./readiness.ts";

const attempt = (): number => 0;
const finish = (): void => {};
const waitFirst = { waitFirst: true };

export function ready(
  owner: object,
  d: Descriptor,
  what: "readable" | "writable",
  options: WaitOptions | undefined,
): Promise<void> {
  try {
    checkWait(options);
  } catch (error) {
    return Promise.reject(error);
  }
  return d.run(owner, what === "readable" ? READ : WRITE, what, attempt, finish, options, waitFirst);
}
