import { all, and, any, not, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import type { FieldCondition } from "../syntax.ts";
import { jumpFor } from "./arithmetic.ts";
import { enterLane } from "./encapsulation.ts";
import { compare } from "./load.ts";
import { assertAtMost, fail, type GenerateState } from "./state.ts";

/** SunATM pseudo-header: what is carried, virtual path and virtual channel, then the payload. */
const PROTOCOL = 0;
const VPI = 1;
const VCI = 2;
const MESSAGE_TYPE = 9;

const CARRIES_LANE = 1;
const CARRIES_LLC = 2;

/** Virtual channels of path 0 with a purpose of their own (ITU-T I.361, I.610). */
const CHANNELS = { metac: 1, bcc: 2, oamf4sc: 3, oamf4ec: 4, sc: 5, ilmic: 16 } as const;

/** Message types of Q.2931 signalling. */
const CALL_PROCEEDING = 0x02;
const SETUP = 0x05;
const CONNECT = 0x07;
const CONNECT_ACK = 0x0f;
const RELEASE = 0x4d;
const RELEASE_DONE = 0x5a;

/** A keyword about ATM cells. */
export function atmTest(state: GenerateState, name: string): Test {
  assertAtm(state, name);
  switch (name) {
    case "lane": {
      const test = carries(state, CARRIES_LANE);
      enterLane(state);
      return test;
    }
    case "oam":
    case "oamf4":
      return and(path0(state), any(channel(state, CHANNELS.oamf4sc), channel(state, CHANNELS.oamf4ec)));
    case "connectmsg":
      return and(
        signalling(state, CHANNELS.sc),
        messages(state, [RELEASE_DONE, RELEASE, CONNECT_ACK, CONNECT, SETUP, CALL_PROCEEDING]),
      );
    case "metaconnect":
      return and(
        signalling(state, CHANNELS.metac),
        messages(state, [RELEASE_DONE, RELEASE, CONNECT, SETUP, CALL_PROCEEDING]),
      );
    default:
      return signalling(state, CHANNELS[name as keyof typeof CHANNELS]);
  }
}

/** Whether the cells carry LLC. */
export function atmLlc(state: GenerateState): Test {
  return carries(state, CARRIES_LLC);
}

/** `vpi` and `vci` with a condition. */
export function atmField(state: GenerateState, name: string, condition: FieldCondition): Test {
  assertAtm(state, name);
  if (condition.kind === "any") return any(...condition.conditions.map((one) => atmField(state, name, one)));
  const [jump, reversed] = jumpFor(condition.operator);
  assertAtMost(state, name, condition.value, name === "vpi" ? 0xff : 0xffff);
  const test = compare(
    state,
    "header",
    name === "vpi" ? VPI : VCI,
    name === "vpi" ? BPF.B : BPF.H,
    condition.value,
    undefined,
    jump,
  );
  return reversed ? not(test) : test;
}

function assertAtm(state: GenerateState, name: string): void {
  if (state.linkType !== "SUNATM" && state.previousLinkType !== "SUNATM") {
    fail(state, `'${name}' supported only on raw ATM`);
  }
}

function carries(state: GenerateState, what: number): Test {
  return compare(state, "packet", PROTOCOL, BPF.B, what, 0x0f);
}

function path0(state: GenerateState): Test {
  return compare(state, "header", VPI, BPF.B, 0);
}

function channel(state: GenerateState, number: number): Test {
  return compare(state, "header", VCI, BPF.H, number);
}

function signalling(state: GenerateState, number: number): Test {
  return all(path0(state), channel(state, number));
}

function messages(state: GenerateState, types: readonly number[]): Test {
  return any(...types.map((type) => compare(state, "header", MESSAGE_TYPE, BPF.B, type)));
}
