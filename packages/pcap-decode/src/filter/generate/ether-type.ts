/** EtherTypes (IEEE 802 Numbers). */
export const ETHER_TYPE = {
  ip: 0x0800,
  arp: 0x0806,
  rarp: 0x8035,
  ip6: 0x86dd,
  atalk: 0x809b,
  aarp: 0x80f3,
  decnet: 0x6003,
  lat: 0x6004,
  sca: 0x6007,
  mopdl: 0x6001,
  moprc: 0x6002,
  ipx: 0x8137,
  vlan: 0x8100,
  serviceVlan: 0x88a8,
  oldServiceVlan: 0x9100,
  mpls: 0x8847,
  pppoeDiscovery: 0x8863,
  pppoeSession: 0x8864,
  bridgedEthernet: 0x6558,
} as const;

/** Largest value of the type field that is a length (IEEE 802.3). */
export const MAX_LENGTH_FIELD = 1500;

/** LLC service access points (IEEE 802.2). */
export const SAP = { ip: 0x06, stp: 0x42, ipx: 0xe0, netbeui: 0xf0, iso: 0xfe, snap: 0xaa } as const;

/** Names that `ether proto` knows, of EtherTypes. */
export const ETHER_TYPE_NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    aarp: ETHER_TYPE.aarp,
    arp: ETHER_TYPE.arp,
    atalk: ETHER_TYPE.atalk,
    decnet: ETHER_TYPE.decnet,
    ip: ETHER_TYPE.ip,
    ip6: ETHER_TYPE.ip6,
    lat: ETHER_TYPE.lat,
    loopback: 0x9000,
    mopdl: ETHER_TYPE.mopdl,
    moprc: ETHER_TYPE.moprc,
    rarp: ETHER_TYPE.rarp,
    sca: ETHER_TYPE.sca,
    slow: 0x8809,
    lldp: 0x88cc,
  }),
);

/** Names that `ether proto` knows, of service access points. */
export const SAP_NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries({ iso: SAP.iso, stp: SAP.stp, ipx: SAP.ipx, netbeui: SAP.netbeui }),
);

/** PPP protocol numbers (IANA) of the EtherTypes and service access points that PPP carries under another number. */
const PPP_PROTOCOLS: ReadonlyMap<number, number> = new Map([
  [ETHER_TYPE.ip, 0x0021],
  [ETHER_TYPE.ip6, 0x0057],
  [ETHER_TYPE.decnet, 0x0027],
  [ETHER_TYPE.atalk, 0x0029],
  [0x0600, 0x0025],
  [SAP.iso, 0x0023],
  [SAP.stp, 0x0031],
  [SAP.ipx, 0x002b],
]);

export const PPP_MPLS = 0x0281;

export function pppProtocol(protocol: number): number {
  return PPP_PROTOCOLS.get(protocol) ?? protocol;
}
