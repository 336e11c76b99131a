import { and, type Block, finish, not, or, returns, type Test } from "./block.ts";
import { byteTest, lengthTest, relation } from "./generate/arithmetic.ts";
import { atmField, atmTest } from "./generate/atm.ts";
import { mpls, pppoeDiscovery, pppoeSession, vlan } from "./generate/encapsulation.ts";
import { firewallTest } from "./generate/firewall.ts";
import { identifierTest } from "./generate/identifier.ts";
import { llcTest } from "./generate/llc.ts";
import { compare } from "./generate/load.ts";
import { linkBroadcast, linkMulticast } from "./generate/mac.ts";
import { directionTest, interfaceIndex } from "./generate/metadata.ts";
import { insertPrelude } from "./generate/prelude.ts";
import { ipBroadcast, namedProtocol, networkMulticast } from "./generate/protocol.ts";
import { signalUnit, ss7Field } from "./generate/ss7.ts";
import { createState, fail, type GenerateOptions, type GenerateState } from "./generate/state.ts";
import { geneve, vxlan } from "./generate/tunnel.ts";
import { wlanDirection, wlanSubtype, wlanType } from "./generate/wlan-type.ts";
import { BPF } from "./instruction.ts";
import type { Expression, Primitive } from "./syntax.ts";

/** The blocks of a program, and whether the optimiser may touch them. */
interface Generated {
  readonly root: Block;
  readonly optimisable: boolean;
}

/** Blocks that return `snaplen` for packets that satisfy the expression, 0 for others. */
export function generate(
  tree: Expression | undefined,
  expression: string,
  snaplen: number,
  options: GenerateOptions,
): Generated {
  if (tree === undefined) return { root: returns(snaplen), optimisable: true };
  const state = createState(expression, options);
  let test = expressionTest(state, tree);
  insertPrelude(state, test.head);
  if (options.linkType === "PPI") {
    // PPI names the link type of what it wraps; only 802.11 is known here (DLT 105, little-endian).
    test = and(compare(state, "packet", 4, BPF.W, 0x69000000), test);
  }
  return { root: finish(test, snaplen), optimisable: state.optimisable };
}

function expressionTest(state: GenerateState, tree: Expression): Test {
  switch (tree.kind) {
    case "sequence": {
      let test = expressionTest(state, tree.first);
      for (const { operator, operand } of tree.rest) {
        const next = expressionTest(state, operand);
        test = operator === "and" ? and(test, next) : or(test, next);
      }
      return test;
    }
    case "not":
      return not(expressionTest(state, tree.operand));
  }
  state.column = tree.column;
  switch (tree.kind) {
    case "identifier":
      return identifierTest(state, tree.identifier, tree.qualifiers);
    case "protocol":
      return namedProtocol(state, tree.protocol);
    case "relation":
      return relation(state, tree.operator, tree.left, tree.right);
    case "field":
      return tree.name === "vpi" || tree.name === "vci"
        ? atmField(state, tree.name, tree.condition)
        : ss7Field(state, tree.name, tree.condition);
    case "primitive":
      return primitiveTest(state, tree);
  }
}

function primitiveTest(state: GenerateState, { name, protocol, operands }: Primitive): Test {
  const [first, second, third] = operands;
  const number = first as number | undefined;
  switch (name) {
    case "broadcast":
      if (protocol === "ip") return ipBroadcast(state);
      assertLink(state, name, protocol);
      return linkBroadcast(state);
    case "multicast":
      if (protocol === "ip" || protocol === "ip6") return networkMulticast(state, protocol);
      assertLink(state, name, protocol);
      return linkMulticast(state);
    case "less":
    case "greater":
      return lengthTest(name, number!);
    case "byte":
      return byteTest(state, number!, String(second), third as number);
    case "inbound":
    case "outbound":
      return directionTest(state, name === "outbound");
    case "ifindex":
      return interfaceIndex(state, number!);
    case "vlan":
      return vlan(state, number);
    case "mpls":
      return mpls(state, number);
    case "pppoed":
      return pppoeDiscovery(state);
    case "pppoes":
      return pppoeSession(state, number);
    case "geneve":
      return geneve(state, number);
    case "vxlan":
      return vxlan(state, number);
    case "llc":
      return llcTest(state, first as string | undefined);
    case "type":
      return wlanType(state, first!, second);
    case "subtype":
      return wlanSubtype(state, String(first));
    case "dir":
      return wlanDirection(state, first!);
    case "ifname":
    case "rset":
    case "rnr":
    case "srnr":
    case "reason":
    case "action":
      return firewallTest(state, name, first!);
    case "fisu":
    case "lssu":
    case "msu":
    case "hfisu":
    case "hlssu":
    case "hmsu":
      return signalUnit(state, name);
    default:
      return atmTest(state, name);
  }
}

function assertLink(state: GenerateState, name: string, protocol: Primitive["protocol"]): void {
  if (protocol !== "default" && protocol !== "link") {
    fail(state, `only link-layer/IP ${name} filters supported, not '${protocol} ${name}'`);
  }
}
