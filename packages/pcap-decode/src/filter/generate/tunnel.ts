import { all, branch, or, type Statement, statement, type Test, thenRun } from "../block.ts";
import { BPF } from "../instruction.ts";
import { enter } from "./encapsulation.ts";
import { ETHER_TYPE } from "./ether-type.ts";
import { linkProtocol } from "./link.ts";
import { type Base, compare, loadIpHeaderLength, loadVariable } from "./load.ts";
import { IPV4_PROTOCOL, IPV6_NEXT_HEADER, isFirstFragment, TRANSPORTS } from "./port.ts";
import { allocate, assertAtMost, type GenerateState, offset } from "./state.ts";

/** UDP destination ports (RFC 8926, RFC 7348). */
const GENEVE_PORT = 6081;
const VXLAN_PORT = 4789;

const UDP_HEADER = 8;
const TUNNEL_HEADER = 8;
const IPV6_HEADER = 40;
const MAC_ADDRESSES = 12;
const ETHER_TYPE_SIZE = 2;
const MAX_VNI = 0xffffff;

/** `geneve [vni]`: everything to the right is about the inner packet. */
export function geneve(state: GenerateState, vni: number | undefined): Test {
  if (vni !== undefined) assertAtMost(state, "Geneve VNI", vni, MAX_VNI);
  const test = overUdp(state, GENEVE_PORT, (base) => compare(state, base, UDP_HEADER, BPF.B, 0, 0xc0), vni);
  const statements = geneveOffsets(state);
  state.geneve = true;
  return thenRun(test, statements);
}

/** `vxlan [vni]`: everything to the right is about the inner frame. */
export function vxlan(state: GenerateState, vni: number | undefined): Test {
  if (vni !== undefined) assertAtMost(state, "VXLAN VNI", vni, MAX_VNI);
  const test = overUdp(state, VXLAN_PORT, (base) => compare(state, base, UDP_HEADER, BPF.B, 0x08), vni);
  const statements = vxlanOffsets(state);
  state.geneve = false;
  return thenRun(test, statements);
}

/** Leaves the length of the IP header, and what is variable before it, in A and X. */
function overUdp(state: GenerateState, port: number, header: (base: Base) => Test, vni: number | undefined): Test {
  const rest = (base: Base): Test[] => [
    compare(state, base, 2, BPF.H, port),
    header(base),
    ...(vni === undefined ? [] : [compare(state, base, UDP_HEADER + 4, BPF.W, (vni << 8) >>> 0, 0xffffff00)]),
  ];
  const length = loadIpHeaderLength(state);
  const four = all(
    linkProtocol(state, ETHER_TYPE.ip),
    compare(state, "payload", IPV4_PROTOCOL, BPF.B, TRANSPORTS.udp),
    isFirstFragment(state),
    ...rest("transport4"),
    keep([...length, statement(BPF.MISC | BPF.TXA)]),
  );
  const variable = loadVariable(state, state.payload);
  const six = all(
    linkProtocol(state, ETHER_TYPE.ip6),
    compare(state, "payload", IPV6_NEXT_HEADER, BPF.B, TRANSPORTS.udp),
    ...rest("transport6"),
    keep([
      ...variable,
      statement(BPF.LD | BPF.IMM, IPV6_HEADER),
      ...(variable.length > 0 ? [statement(BPF.ALU | BPF.ADD | BPF.X)] : []),
      statement(BPF.MISC | BPF.TAX),
    ]),
  );
  return or(four, six);
}

/** A comparison of A with X, which the statements before make equal, so that both are needed after it. */
function keep(statements: Statement[]): Test {
  return branch(statements, BPF.JEQ, 0, BPF.X);
}

/** Where OSI begins without SNAP stays as it was outside, as in libpcap. */
function enterEthernet(state: GenerateState, registers: { type: number; header: number; payload: number }): void {
  enter(state, "ETHERNET");
  state.header = offset(0, true, registers.header);
  state.type = offset(0, true, registers.type);
  state.payload = offset(0, true, registers.payload);
  state.encapsulated = true;
}

/**
 * From the offset in A: where the tunnel header begins, then past its options, and past an Ethernet header if its
 * protocol type says that there is one.
 */
function geneveOffsets(state: GenerateState): Statement[] {
  const start = state.payload.constant + state.network + UDP_HEADER;
  state.optimisable = false;
  const registers = { type: allocate(state), header: allocate(state), payload: allocate(state) };
  enterEthernet(state, registers);
  const ethernet = statement(BPF.MISC | BPF.TXA);
  const end = statement(BPF.STX, registers.payload);
  return [
    statement(BPF.ALU | BPF.ADD | BPF.K, start),
    statement(BPF.MISC | BPF.TAX),
    statement(BPF.ALU | BPF.ADD | BPF.K, 2),
    statement(BPF.ST, registers.type),
    statement(BPF.LD | BPF.IND | BPF.B, 0),
    statement(BPF.ALU | BPF.AND | BPF.K, 0x3f),
    statement(BPF.ALU | BPF.MUL | BPF.K, 4),
    statement(BPF.ALU | BPF.ADD | BPF.K, TUNNEL_HEADER),
    statement(BPF.ALU | BPF.ADD | BPF.X),
    statement(BPF.ST, registers.header),
    statement(BPF.LD | BPF.IND | BPF.H, 2),
    statement(BPF.LDX | BPF.MEM, registers.header),
    { ...statement(BPF.JMP | BPF.JEQ | BPF.K, ETHER_TYPE.bridgedEthernet), yes: ethernet, no: end },
    ethernet,
    statement(BPF.ALU | BPF.ADD | BPF.K, MAC_ADDRESSES),
    statement(BPF.ST, registers.type),
    statement(BPF.ALU | BPF.ADD | BPF.K, ETHER_TYPE_SIZE),
    statement(BPF.MISC | BPF.TAX),
    end,
  ];
}

function vxlanOffsets(state: GenerateState): Statement[] {
  const start = state.payload.constant + state.network + UDP_HEADER;
  const registers = { header: allocate(state), type: allocate(state), payload: allocate(state) };
  enterEthernet(state, registers);
  return [
    statement(BPF.ALU | BPF.ADD | BPF.K, start),
    statement(BPF.ALU | BPF.ADD | BPF.K, TUNNEL_HEADER),
    statement(BPF.ST, registers.header),
    statement(BPF.ALU | BPF.ADD | BPF.K, MAC_ADDRESSES),
    statement(BPF.ST, registers.type),
    statement(BPF.ALU | BPF.ADD | BPF.K, ETHER_TYPE_SIZE),
    statement(BPF.MISC | BPF.TAX),
    statement(BPF.STX, registers.payload),
  ];
}
