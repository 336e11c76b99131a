import { and, branch, or, type Statement, statement, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import { ETHER_TYPE } from "./ether-type.ts";
import { linkProtocol } from "./link.ts";
import { IPV4_PROTOCOL, IPV6_NEXT_HEADER } from "./port.ts";
import { allocate, assertAtMost, fail, type GenerateState, release } from "./state.ts";

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const NO_NEXT_HEADER = 59;
const DESTINATION = 60;
const IPV6_HEADER = 40;

/**
 * `protochain`: follows the chain of headers to a protocol. The loop is a jump backwards, which the kernel refuses:
 * such programs run here only.
 */
export function protochain(state: GenerateState, value: number, layer: string): Test {
  const register = allocate(state);
  if (layer === "default") {
    const ip = protochain(state, value, "ip");
    const test = or(ip, protochain(state, value, "ip6"));
    release(state, register);
    return test;
  }
  if (layer !== "ip" && layer !== "ip6") return fail(state, `'${layer} protochain' is bogus`);
  assertAtMost(state, "protocol number", value, 255);
  if (state.payload.variable) return fail(state, "'protochain' not supported with variable length headers");
  state.optimisable = false;
  const link = linkProtocol(state, ETHER_TYPE[layer]);
  const test = branch(chain(state, value, layer, register), BPF.JEQ, value);
  release(state, register);
  return and(link, test);
}

/** A holds the protocol of the header at X, which counts from the network layer. */
function chain(state: GenerateState, value: number, layer: "ip" | "ip6", register: number): Statement[] {
  const network = state.payload.constant + state.network;
  const end = statement(BPF.ALU | BPF.ADD | BPF.K, 0);
  const [start, enter] =
    layer === "ip"
      ? [
          [statement(BPF.LD | BPF.ABS | BPF.B, network + IPV4_PROTOCOL), statement(BPF.LDX | BPF.MSH | BPF.B, network)],
          [statement(BPF.ALU | BPF.ADD | BPF.K, 0)],
        ]
      : [
          [statement(BPF.LD | BPF.ABS | BPF.B, network + IPV6_NEXT_HEADER), statement(BPF.LDX | BPF.IMM, IPV6_HEADER)],
          [],
        ];
  const found = equals(value, end);
  const last = equals(NO_NEXT_HEADER, end);
  const authentication = authenticationHeader(network, register, found);
  const isAuthentication = equals(AUTHENTICATION, authentication[0]!, end);
  const options = layer === "ip6" ? extensionHeader(network, register, found, isAuthentication) : [];
  found.no = last;
  last.no = enter[0] ?? options[0]!;
  return [...start, found, last, ...enter, ...options, isAuthentication, ...authentication, end];
}

function equals(value: number, yes: Statement, no?: Statement): Statement {
  return { ...statement(BPF.JMP | BPF.JEQ | BPF.K, value), yes, ...(no === undefined ? {} : { no }) };
}

/** Hop-by-hop, destination, routing and fragment headers: length in units of 8 bytes, not counting the first. */
function extensionHeader(network: number, register: number, again: Statement, otherwise: Statement): Statement[] {
  const body = [
    statement(BPF.LD | BPF.IND | BPF.B, network),
    statement(BPF.ST, register),
    statement(BPF.LD | BPF.IND | BPF.B, network + 1),
    statement(BPF.ALU | BPF.ADD | BPF.K, 1),
    statement(BPF.ALU | BPF.MUL | BPF.K, 8),
    statement(BPF.ALU | BPF.ADD | BPF.X),
    statement(BPF.MISC | BPF.TAX),
    statement(BPF.LD | BPF.MEM, register),
    { ...statement(BPF.JMP | BPF.JA), yes: again },
  ];
  const kinds = [HOP_BY_HOP, DESTINATION, ROUTING, FRAGMENT].map((kind) => equals(kind, body[0]!, otherwise));
  for (const [index, kind] of kinds.entries()) kind.no = kinds[index + 1] ?? otherwise;
  return [...kinds, ...body];
}

/** Authentication header (RFC 4302): length in units of 4 bytes, not counting two. */
function authenticationHeader(network: number, register: number, again: Statement): Statement[] {
  return [
    statement(BPF.LD | BPF.IND | BPF.B, network),
    statement(BPF.ST, register),
    statement(BPF.MISC | BPF.TXA),
    statement(BPF.ALU | BPF.ADD | BPF.K, 1),
    statement(BPF.MISC | BPF.TAX),
    statement(BPF.LD | BPF.IND | BPF.B, network),
    statement(BPF.ALU | BPF.ADD | BPF.K, 2),
    statement(BPF.ALU | BPF.MUL | BPF.K, 4),
    statement(BPF.MISC | BPF.TAX),
    statement(BPF.LD | BPF.MEM, register),
    { ...statement(BPF.JMP | BPF.JA), yes: again },
  ];
}
