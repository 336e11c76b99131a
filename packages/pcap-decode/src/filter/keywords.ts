/** Protocol names that can qualify or stand alone; several spellings mean one protocol. */
const PROTOCOLS = {
  link: ["link", "ether", "ppp", "slip", "fddi", "tr", "wlan"],
  arp: ["arp"],
  rarp: ["rarp"],
  ip: ["ip"],
  sctp: ["sctp"],
  tcp: ["tcp"],
  udp: ["udp"],
  icmp: ["icmp"],
  igmp: ["igmp"],
  igrp: ["igrp"],
  pim: ["pim"],
  vrrp: ["vrrp"],
  carp: ["carp"],
  radio: ["radio"],
  ip6: ["ip6"],
  icmp6: ["icmp6"],
  ah: ["ah"],
  esp: ["esp"],
  atalk: ["atalk"],
  aarp: ["aarp"],
  decnet: ["decnet"],
  lat: ["lat"],
  sca: ["sca"],
  moprc: ["moprc"],
  mopdl: ["mopdl"],
  iso: ["iso"],
  esis: ["esis", "es-is"],
  isis: ["isis", "is-is"],
  l1: ["l1"],
  l2: ["l2"],
  iih: ["iih"],
  lsp: ["lsp"],
  snp: ["snp"],
  csnp: ["csnp"],
  psnp: ["psnp"],
  clnp: ["clnp"],
  stp: ["stp"],
  ipx: ["ipx"],
  netbeui: ["netbeui"],
} as const;

/** A protocol of pcap-filter(7), by its first spelling. */
export type ProtocolName = keyof typeof PROTOCOLS;

const SPELLINGS: Record<string, readonly string[]> = {
  and: ["&&"],
  or: ["||"],
  "!": ["not"],
  len: ["length"],
  dir: ["direction"],
  addr1: ["address1"],
  addr2: ["address2"],
  addr3: ["address3"],
  addr4: ["address4"],
  ifname: ["on"],
  rset: ["ruleset"],
  rnr: ["rulenum"],
  srnr: ["subrulenum"],
  lssu: ["lsu"],
};

const PLAIN = (
  "and or src dst host net mask port portrange proto protochain gateway type subtype dir addr1 addr2 addr3 addr4 ra " +
  "ta less greater byte broadcast multicast len inbound outbound ifindex vlan mpls pppoed pppoes geneve vxlan lane " +
  "llc metac bcc oamf4 oamf4ec oamf4sc oam sc ilmic vpi vci connectmsg metaconnect ifname rset rnr srnr reason action " +
  "fisu lssu msu hfisu hlssu hmsu sio opc dpc sls hsio hopc hdpc hsls"
).split(" ");

/** Every reserved word and the token it stands for. */
export const KEYWORDS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(PROTOCOLS).flatMap(([name, words]) => words.map((word) => [word, name] as const)),
  ...PLAIN.map((word) => [word, word] as const),
  ...Object.entries(SPELLINGS).flatMap(([name, words]) => words.map((word) => [word, name] as const)),
]);

const protocols: ReadonlySet<string> = new Set(Object.keys(PROTOCOLS));

/** Whether a token is the name of a protocol. */
export function isProtocol(token: string): token is ProtocolName {
  return protocols.has(token);
}

/** Words that are numbers: offsets of fields, and the values of ICMP (RFC 792), ICMPv6 (RFC 4443) and TCP fields. */
export const CONSTANTS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    icmptype: 0,
    icmpcode: 1,
    "icmp-echoreply": 0,
    "icmp-unreach": 3,
    "icmp-sourcequench": 4,
    "icmp-redirect": 5,
    "icmp-echo": 8,
    "icmp-routeradvert": 9,
    "icmp-routersolicit": 10,
    "icmp-timxceed": 11,
    "icmp-paramprob": 12,
    "icmp-tstamp": 13,
    "icmp-tstampreply": 14,
    "icmp-ireq": 15,
    "icmp-ireqreply": 16,
    "icmp-maskreq": 17,
    "icmp-maskreply": 18,
    icmp6type: 0,
    icmp6code: 1,
    "icmp6-destinationunreach": 1,
    "icmp6-packettoobig": 2,
    "icmp6-timeexceeded": 3,
    "icmp6-parameterproblem": 4,
    "icmp6-echo": 128,
    "icmp6-echoreply": 129,
    "icmp6-multicastlistenerquery": 130,
    "icmp6-multicastlistenerreportv1": 131,
    "icmp6-multicastlistenerdone": 132,
    "icmp6-routersolicit": 133,
    "icmp6-routeradvert": 134,
    "icmp6-neighborsolicit": 135,
    "icmp6-neighboradvert": 136,
    "icmp6-redirect": 137,
    "icmp6-routerrenum": 138,
    "icmp6-nodeinformationquery": 139,
    "icmp6-nodeinformationresponse": 140,
    "icmp6-ineighbordiscoverysolicit": 141,
    "icmp6-ineighbordiscoveryadvert": 142,
    "icmp6-multicastlistenerreportv2": 143,
    "icmp6-homeagentdiscoveryrequest": 144,
    "icmp6-homeagentdiscoveryreply": 145,
    "icmp6-mobileprefixsolicit": 146,
    "icmp6-mobileprefixadvert": 147,
    "icmp6-certpathsolicit": 148,
    "icmp6-certpathadvert": 149,
    "icmp6-multicastrouteradvert": 151,
    "icmp6-multicastroutersolicit": 152,
    "icmp6-multicastrouterterm": 153,
    tcpflags: 13,
    "tcp-fin": 0x01,
    "tcp-syn": 0x02,
    "tcp-rst": 0x04,
    "tcp-push": 0x08,
    "tcp-ack": 0x10,
    "tcp-urg": 0x20,
    "tcp-ece": 0x40,
    "tcp-cwr": 0x80,
  }),
);
