import type { Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import { compare } from "./load.ts";
import type { GenerateState } from "./state.ts";

const TYPE_MASK = 0x0c;
const TYPE_DATA = 0x08;

/** Whether an 802.11 frame carries data. */
export function isDataFrame(state: GenerateState): Test {
  return compare(state, "header", 0, BPF.B, TYPE_DATA, TYPE_MASK);
}
