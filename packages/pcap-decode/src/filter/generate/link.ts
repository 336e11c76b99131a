import { all, and, any, constant, or, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import { isJuniper, linkTypeLabel } from "../link-type.ts";
import { compareBytes } from "./bytes.ts";
import { previousHeaderIsData } from "./encapsulated-link.ts";
import { ETHER_TYPE, MAX_LENGTH_FIELD, pppProtocol, SAP } from "./ether-type.ts";
import { familyTest } from "./family.ts";
import { atMost, compare, hasBits } from "./load.ts";
import { assertAtMost, fail, type GenerateState } from "./state.ts";
import { isDataFrame } from "./wlan-frame.ts";

/** Whether the link layer says that its payload is this protocol, an EtherType or a service access point. */
export function linkProtocol(state: GenerateState, protocol: number): Test {
  if (state.mplsDepth > 0) return mplsPayload(state, protocol);
  // Juniper's header begins with "MGC"; what follows depends on too much to tell protocols apart.
  if (isJuniper(state.linkType)) return compare(state, "header", 0, BPF.W, 0x4d474300, 0xffffff00);
  switch (state.linkType) {
    case "ETHERNET":
    case "NETANALYZER":
    case "NETANALYZER_TRANSPARENT":
    case "DSA_TAG_BRCM":
    case "DSA_TAG_DSA":
    case "DSA_TAG_EDSA":
      return all(state.encapsulated ? undefined : previousHeaderIsData(state), ethernet(state, protocol));
    case "C_HDLC": {
      const type = protocol === SAP.iso ? (SAP.iso << 8) | SAP.iso : protocol;
      assertAtMost(state, "HDLC protocol", type, 0xffff);
      return compare(state, "type", 0, BPF.H, type);
    }
    case "IEEE802_11":
    case "IEEE802_11_RADIOTAP":
    case "IEEE802_11_RADIO_AVS":
    case "PRISM_HEADER":
    case "PPI":
      return and(isDataFrame(state), llc(state, protocol));
    case "FDDI":
    case "IEEE802":
    case "ATM_RFC1483":
    case "ATM_CLIP":
    case "IP_OVER_FC":
      return llc(state, protocol);
    case "SUNATM":
      return and(compare(state, "header", 0, BPF.B, 2, 0x0f), llc(state, protocol));
    case "LINUX_SLL":
      return cooked(state, protocol);
    case "SLIP":
    case "SLIP_BSDOS":
    case "RAW":
      return version(state, protocol);
    case "IPV4":
      return constant(protocol === ETHER_TYPE.ip);
    case "IPV6":
      return constant(protocol === ETHER_TYPE.ip6);
    case "PPP":
    case "PPP_PPPD":
    case "PPP_HDLC":
    case "PPP_ETHER":
      return ppp(state, protocol);
    case "PPP_BSDOS":
      if (protocol !== ETHER_TYPE.ip) return ppp(state, protocol);
      // IP, and Van Jacobson's compressed and uncompressed TCP/IP.
      return any(...[0x21, 0x2d, 0x2f].map((type) => compare(state, "type", 0, BPF.H, type)));
    case "NULL":
    case "LOOP":
    case "ENC":
    case "PFLOG":
    case "IPNET":
      return familyTest(state, protocol);
    case "ARCNET":
    case "ARCNET_LINUX":
      return arcnet(state, protocol);
    case "LTALK":
      return constant(protocol === ETHER_TYPE.atalk);
    case "FRELAY":
      return frameRelay(state, protocol);
    case "BACNET_MS_TP":
      return compare(state, "header", 0, BPF.W, 0x55ff0000, 0xffff0000);
    default:
      if (state.type === undefined) {
        return fail(state, `link-layer type filtering not implemented for ${linkTypeLabel(state.linkType)}`);
      }
      assertAtMost(state, "EtherType", protocol, 0xffff);
      return compare(state, "type", 0, BPF.H, protocol);
  }
}

function ethernet(state: GenerateState, protocol: number): Test {
  switch (protocol) {
    case SAP.iso:
    case SAP.ip:
    case SAP.netbeui:
      return and(hasLength(state), compare(state, "llc", 0, BPF.H, (protocol << 8) | protocol));
    case SAP.ipx: {
      const novell = any(
        snap(state, 0, ETHER_TYPE.ipx),
        compare(state, "llc", 0, BPF.B, SAP.ipx),
        compare(state, "llc", 0, BPF.H, 0xffff),
      );
      const framed = and(hasLength(state), novell);
      return or(compare(state, "type", 0, BPF.H, ETHER_TYPE.ipx), framed);
    }
    case ETHER_TYPE.atalk:
    case ETHER_TYPE.aarp: {
      const framed = and(hasLength(state), snap(state, snapOrganisation(protocol), protocol));
      return or(compare(state, "type", 0, BPF.H, protocol), framed);
    }
  }
  if (protocol <= MAX_LENGTH_FIELD) {
    // After the length, not at the payload: in GENEVE options may stand between the two.
    return and(hasLength(state), compare(state, "type", 2, BPF.B, protocol));
  }
  assertAtMost(state, "EtherType", protocol, 0xffff);
  return compare(state, "type", 0, BPF.H, protocol);
}

function hasLength(state: GenerateState): Test {
  return atMost(state, "type", 0, BPF.H, MAX_LENGTH_FIELD);
}

function sap(state: GenerateState, protocol: number): Test {
  return compare(state, "llc", 0, BPF.B, protocol);
}

/** AppleTalk has an organisation code of its own, its address resolution that of Ethernet (RFC 1742). */
function snapOrganisation(protocol: number): number {
  return protocol === ETHER_TYPE.atalk ? 0x080007 : 0;
}

function snap(state: GenerateState, organisation: number, type: number): Test {
  const code = [organisation >> 16, organisation >> 8, organisation, type >> 8, type].map((value) => value & 0xff);
  return compareBytes(state, "llc", 0, [SAP.snap, SAP.snap, 0x03, ...code]);
}

function llc(state: GenerateState, protocol: number): Test {
  switch (protocol) {
    case SAP.iso:
    case SAP.ip:
    case SAP.netbeui:
      return compare(state, "llc", 0, BPF.H, (protocol << 8) | protocol);
    case SAP.ipx:
      return compare(state, "llc", 0, BPF.B, SAP.ipx);
    case ETHER_TYPE.atalk:
      return snap(state, snapOrganisation(protocol), protocol);
  }
  if (protocol <= MAX_LENGTH_FIELD) return sap(state, protocol);
  assertAtMost(state, "EtherType", protocol, 0xffff);
  return compare(state, "llc", 6, BPF.H, protocol);
}

const COOKED_802_3 = 1;
const COOKED_802_2 = 4;

/** Linux cooked capture: LLC and Novell's raw 802.3 have numbers of their own in the protocol field. */
function cooked(state: GenerateState, protocol: number): Test {
  const isLlc = (): Test => compare(state, "type", 0, BPF.H, COOKED_802_2);
  switch (protocol) {
    case SAP.iso:
    case SAP.ip:
    case SAP.netbeui:
      return and(isLlc(), compare(state, "llc", 0, BPF.H, (protocol << 8) | protocol));
    case SAP.ipx:
      return any(
        compare(state, "type", 0, BPF.H, ETHER_TYPE.ipx),
        compare(state, "type", 0, BPF.H, COOKED_802_3),
        and(isLlc(), or(compare(state, "llc", 0, BPF.B, SAP.ipx), snap(state, 0, ETHER_TYPE.ipx))),
      );
    case ETHER_TYPE.atalk:
    case ETHER_TYPE.aarp:
      return or(
        compare(state, "type", 0, BPF.H, protocol),
        and(isLlc(), snap(state, snapOrganisation(protocol), protocol)),
      );
  }
  if (protocol <= MAX_LENGTH_FIELD) return and(isLlc(), sap(state, protocol));
  assertAtMost(state, "EtherType", protocol, 0xffff);
  return compare(state, "type", 0, BPF.H, protocol);
}

/** Without a type field the first half byte of the packet tells. */
function version(state: GenerateState, protocol: number): Test {
  if (protocol === ETHER_TYPE.ip) return compare(state, "payload", 0, BPF.B, 0x40, 0xf0);
  if (protocol === ETHER_TYPE.ip6) return compare(state, "payload", 0, BPF.B, 0x60, 0xf0);
  return constant(false);
}

function ppp(state: GenerateState, protocol: number): Test {
  const type = pppProtocol(protocol);
  assertAtMost(state, "PPP protocol", type, 0xffff);
  return compare(state, "type", 0, BPF.H, type);
}

/** Only the last label of a stack may be followed by a packet, whose version the first half byte tells. */
function mplsPayload(state: GenerateState, protocol: number): Test {
  const last = hasBits(state, "previousMpls", 2, BPF.B, 0x01);
  if (protocol === ETHER_TYPE.ip) return and(last, compare(state, "payload", 0, BPF.B, 0x40, 0xf0));
  if (protocol === ETHER_TYPE.ip6) return and(last, compare(state, "payload", 0, BPF.B, 0x60, 0xf0));
  return fail(state, "unsupported protocol over mpls");
}

/** Protocol identifiers of RFC 1201; those of RFC 1051 precede a header of another length. */
const ARCNET_TYPES: ReadonlyMap<number, number> = new Map([
  [ETHER_TYPE.ip6, 196],
  [ETHER_TYPE.ip, 212],
  [ETHER_TYPE.arp, 213],
  [ETHER_TYPE.rarp, 214],
  [ETHER_TYPE.atalk, 221],
]);

function arcnet(state: GenerateState, protocol: number): Test {
  const type = ARCNET_TYPES.get(protocol);
  return type === undefined ? constant(false) : compare(state, "type", 0, BPF.B, type);
}

/** Network layer protocol identifiers (RFC 2427), which follow the Frame Relay header and an UI control field. */
const FRAME_RELAY_TYPES: ReadonlyMap<number, readonly number[]> = new Map([
  [ETHER_TYPE.ip, [0xcc]],
  [ETHER_TYPE.ip6, [0x8e]],
  [SAP.iso, [0x81, 0x82, 0x83]],
]);

const UI = 0x03;

function frameRelay(state: GenerateState, protocol: number): Test {
  const types = FRAME_RELAY_TYPES.get(protocol) ?? [];
  if (types.length === 0) return constant(false);
  return any(...types.map((type) => compare(state, "header", 2, BPF.H, (UI << 8) | type)));
}
