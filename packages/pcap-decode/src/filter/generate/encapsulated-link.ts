import { branch, not, statement, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import { compare } from "./load.ts";
import type { GenerateState } from "./state.ts";

/** What a link header inside another must satisfy to be there at all; `undefined` when it always is. */
export function previousHeaderIsData(state: GenerateState): Test | undefined {
  if (state.geneve) return geneveHasEthernet(state);
  if (state.previousLinkType === "SUNATM") {
    // An ATM LAN emulation control frame (LE client identifier 0xff00) is not an Ethernet frame.
    return not(compare(state, "previousHeader", 4, BPF.H, 0xff00));
  }
  return undefined;
}

/** GENEVE may carry a packet without an Ethernet header; then header and payload begin at the same place. */
function geneveHasEthernet(state: GenerateState): Test {
  return not(
    branch(
      [statement(BPF.LD | BPF.MEM, state.header.register!), statement(BPF.LDX | BPF.MEM, state.payload.register!)],
      BPF.JEQ,
      0,
      BPF.X,
    ),
  );
}
