import { all, and, any, not, or, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import type { Direction } from "../syntax.ts";
import { compareBytes } from "./bytes.ts";
import { compare, hasBits } from "./load.ts";
import type { GenerateState } from "./state.ts";

/** Offsets of the four addresses of an 802.11 header (IEEE 802.11, 9.2.3). */
const ADDRESS_1 = 4;
const ADDRESS_2 = 10;
const ADDRESS_3 = 16;
const ADDRESS_4 = 24;

const CONTROL = 0x04;
const DATA = 0x08;
const TO_DS = 0x01;
const FROM_DS = 0x02;
const SUBTYPE_CTS = 0xc0;
const SUBTYPE_ACK = 0xd0;

/** An address of an 802.11 frame, in the field where the type of the frame puts it. */
export function wlanHost(state: GenerateState, mac: Uint8Array | readonly number[], direction: Direction): Test {
  const at = (offset: number): Test => compareBytes(state, "header", offset, mac);
  switch (direction) {
    case "src":
      return source(state, at);
    case "dst":
      return destination(state, at);
    case "both": {
      const src = source(state, at);
      return and(src, destination(state, at));
    }
    case "default":
    case "either": {
      const src = source(state, at);
      return or(src, destination(state, at));
    }
    case "addr1":
      return at(ADDRESS_1);
    case "addr2":
      return and(hasTransmitter(state), at(ADDRESS_2));
    case "addr3":
      return and(not(compare(state, "header", 0, BPF.B, CONTROL, 0x0c)), at(ADDRESS_3));
    case "addr4":
      return and(compare(state, "header", 1, BPF.B, TO_DS | FROM_DS, 0x03), at(ADDRESS_4));
    case "ra":
      return and(typeBit(state, DATA), at(ADDRESS_1));
    case "ta":
      return and(and(typeBit(state, DATA), hasTransmitter(state)), at(ADDRESS_2));
  }
}

function typeBit(state: GenerateState, bit: number): Test {
  return hasBits(state, "header", 0, BPF.B, bit);
}

function system(state: GenerateState, bit: number): Test {
  return hasBits(state, "header", 1, BPF.B, bit);
}

function source(state: GenerateState, at: (offset: number) => Test): Test {
  const fromStation = and(not(system(state, FROM_DS)), at(ADDRESS_2));
  const relayed = or(and(not(system(state, TO_DS)), at(ADDRESS_3)), and(system(state, TO_DS), at(ADDRESS_4)));
  const data = and(typeBit(state, DATA), or(fromStation, and(system(state, FROM_DS), relayed)));
  const management = and(not(typeBit(state, DATA)), at(ADDRESS_2));
  return and(not(typeBit(state, CONTROL)), or(management, data));
}

function destination(state: GenerateState, at: (offset: number) => Test): Test {
  const direct = and(not(system(state, TO_DS)), at(ADDRESS_1));
  const data = and(typeBit(state, DATA), or(direct, and(system(state, TO_DS), at(ADDRESS_3))));
  const management = and(not(typeBit(state, DATA)), at(ADDRESS_1));
  return and(not(typeBit(state, CONTROL)), or(management, data));
}

/** Clear-to-send and acknowledgement frames name only their receiver. */
function hasTransmitter(state: GenerateState): Test {
  const control = compare(state, "header", 0, BPF.B, CONTROL, 0x0c);
  const subtypes = all(
    not(compare(state, "header", 0, BPF.B, SUBTYPE_CTS, 0xf0)),
    not(compare(state, "header", 0, BPF.B, SUBTYPE_ACK, 0xf0)),
  );
  return any(not(control), subtypes);
}
