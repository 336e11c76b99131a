import { and, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import { type Base, compare } from "./load.ts";
import type { GenerateState } from "./state.ts";

/** Whether the bytes at an offset are these; words from the end, because addresses differ there first. */
export function compareBytes(
  state: GenerateState,
  base: Base,
  at: number,
  bytes: Uint8Array | readonly number[],
): Test {
  let test: Test | undefined;
  let end = bytes.length;
  while (end > 0) {
    const width = end >= 4 ? 4 : end >= 2 ? 2 : 1;
    const size = width === 4 ? BPF.W : width === 2 ? BPF.H : BPF.B;
    end -= width;
    let value = 0;
    for (let i = 0; i < width; i++) value = ((value << 8) | bytes[end + i]!) >>> 0;
    const part = compare(state, base, at + end, size, value);
    test = test === undefined ? part : and(test, part);
  }
  if (test === undefined) throw new RangeError("nothing to compare");
  return test;
}
