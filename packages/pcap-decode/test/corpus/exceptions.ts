/** Where we and tshark 4.0.17 differ on purpose. Every rule must be used, and no difference may be without one. */
export interface Exception {
  readonly reason: string;
  /** Captures by file name. */
  readonly captures: RegExp;
  /** Fields; all without it. */
  readonly fields?: RegExp;
  /** tshark's protocol chain. */
  readonly chain?: RegExp;
}

export const exceptions: readonly Exception[] = [
  // Lengths that are zero because the packet was too long for them, or was cut by the sender's hardware later.
  {
    reason:
      "UDP or IPv6 length 0 of a segmentation offload: tshark stops there, the payload is there and is decoded; tshark invents ip.len",
    captures: /^(bigtcp-|quic__383379789-decrypt-crash)/,
  },
  // Layers outside the set: what is inside them is not seen.
  { reason: "Cisco MetaData is outside the set", captures: /./, chain: /:cmd:/ },
  { reason: "Arista's avsp is outside the set", captures: /./, chain: /:avsp/ },
  { reason: "Juniper's and Apple's capture headers are outside the set", captures: /./, chain: /^(juniper|pktap):/ },
  { reason: "GTP' and GTP control messages are outside the set", captures: /./, chain: /:gtp(prime|$|:pap|:ipcp)/ },
  { reason: "Teredo is outside the set", captures: /./, chain: /:teredo/ },
  { reason: "MACsec is outside the set", captures: /./, chain: /:macsec/ },
  { reason: "NSH over VXLAN-GPE is outside the set", captures: /./, chain: /:nsh:/ },
  { reason: "6LoWPAN is outside the set", captures: /./, chain: /^wpan:/ },
  { reason: "Cisco ISL encapsulation is outside the set", captures: /^DTP\./ },
  { reason: "WCCP's header between GRE and IP is outside the set", captures: /^wccp_redirect_gre/ },
  {
    reason: "Frame relay with an address of three or more bytes is outside the set",
    captures: /^icmp-icmp_print-oobr-2/,
  },
  {
    reason: "NTP control and private messages have another header and are outside the set",
    captures: /^(ntp__ntpmode67|ipv4__fragmented-1)/,
    chain: /ntp$/,
  },
  { reason: "Decryption of QUIC Initial packets is outside the set", captures: /^quic/, fields: /^tls/ },
  // tshark's field has another name or another scope.
  {
    reason: "tshark calls the identifier of an 802.1ad tag ieee8021ad.id",
    captures: /./,
    fields: /^vlan.id$/,
    chain: /ieee8021ad/,
  },
  {
    reason: "tshark calls the first count of a dynamic update dns.count.prerequisites",
    captures: /^dns__dynamic-update/,
    fields: /^dns.count.answers$/,
  },
  {
    reason: "tshark shows an extended echo's interface option and a register's empty PIM header as layers",
    captures: /^(icmp6-rfc8335|pim)/,
    fields: /^frame.protocols$/,
  },
  {
    reason: "tshark calls ERSPAN type I a layer; it has no bytes",
    captures: /^erspan-type-i-/,
    fields: /^frame.protocols$/,
  },
  {
    reason: "tshark prints a text for a name that is none, and the bytes behind it as a type",
    captures: /^dns(-badlabel|_fwdptr)/,
  },
  { reason: "tshark looks at port 8053 for DNS; it is not registered for it", captures: /^dns_udp_8053/ },
  // tshark's state: it decides by earlier packets of the conversation, we by each packet.
  {
    reason:
      "HTTP by what the packet starts with, not by port and earlier packets: tshark withholds heads that go on in another segment, and shows a second head of one segment",
    captures: /^(http__|tcp__|tls__ssl-to-http-server|vlan-collisions|mixed-vlan|tunnels__|arcnet|http-|zmtp1|tfo)/,
    fields: /^http\./,
  },
  {
    reason: "TLS by what the packet starts with: tshark waits for the rest of a hello that goes on in another segment",
    captures: /^tls__/,
    fields: /^tls\./,
  },
  // Damaged packets: tshark and we stop at different bytes.
  {
    reason:
      "An IPv4 header that lies about its version, header length or total length: tshark guesses another protocol or hides fields that are there",
    captures:
      /^(LINKTYPE_IPV[46]_invalid|ipv4_invalid_hdr_length|ipv4_invalid_total_length_2|kday3|gre-heapoverflow-1)/,
  },
  {
    reason:
      "A fixed header that is cut: we show a layer only when all of its fixed fields are there, tshark shows those before the cut",
    captures:
      /^(trunc__|ipv[46]_invalid_length|extract_read2_asan|rtp-seg-fault-1|l2tp-avp-overflow|olsr-oobr-2|bootp_asan|tcp__truncated-header|hoobr_pimv1|ip_ts_opts_asan|rx_serviceid_oobr|stp-heapoverflow|tunnels__geneve-truncated|icmp-icmp_print-oobr-1)/,
  },
  {
    reason: "tshark hides the type of a message whose option has length zero",
    captures: /^icmpv6-length-zero/,
    fields: /^icmpv6/,
  },
  {
    reason: "tcp.len of a packet whose IP length exceeds the frame: tshark gives what the header says, or nothing",
    captures:
      /^(babel_update_oobr|beep-oobr|bgp|heapoverflow-tcp_print|hoobr_nfs_printfh|kday[47]|rpki-rtr-oobr|pppoe-over-qinq|ipv4__fragmented-3)/,
    fields: /^tcp\.len$/,
  },
];

/** The rule that covers a difference. */
export function exceptionFor(capture: string, field: string, chain: string): Exception | undefined {
  return exceptions.find(
    (rule) => rule.captures.test(capture) && (rule.fields?.test(field) ?? true) && (rule.chain?.test(chain) ?? true),
  );
}

/** What the tests of streams compare. */
export type StreamSubject =
  | "conv,tcp"
  | "conv,ip"
  | "conv,ipv6"
  | "conv,eth"
  | "follow"
  | "defragment"
  | "objects"
  | "communityid";

/** Where streams and flows differ from tshark's on purpose. Every rule must be used, and must be needed. */
export interface StreamException {
  readonly reason: string;
  readonly subjects: readonly StreamSubject[];
  readonly captures: RegExp;
}

export const streamExceptions: readonly StreamException[] = [
  {
    reason: "layers outside the set: what is inside them is not seen",
    subjects: ["conv,tcp", "conv,ip", "conv,ipv6", "conv,eth", "follow"],
    captures:
      /^(802_15_4-data|DTP|LINKTYPE_PKTAP|arista_ether|bgp-aigp|icmp-icmp_print-oobr-2|macsec-|nsh-over-vxlan-gpe|various_gre|wccp_redirect_gre|tunnels__Teredo|tunnels__gtp__gtp_control)/,
  },
  {
    reason:
      "a version that is not the link type's, or is IPv6 behind protocol 4: RFC 2003 has IPv4 there, tshark guesses",
    subjects: ["conv,ip", "conv,ipv6"],
    captures: /^(LINKTYPE_IPV4_invalid|kday3)\./,
  },
  {
    reason: "IP length 0 of a segmentation offload: tshark stops there, the segment is there and counts",
    subjects: ["conv,tcp", "conv,ip", "conv,ipv6", "conv,eth", "follow"],
    captures: /^(bigtcp-|quic__383379789-decrypt-crash)/,
  },
  {
    reason:
      "headers that are cut or malformed behind the ports or addresses: they say who speaks; tshark leaves the packet out",
    subjects: ["conv,tcp", "conv,ip", "conv,ipv6", "follow"],
    captures:
      /^(beep-oobr|heapoverflow-tcp_print|ip_printroute_asan|ipv4_invalid_|ipv6_frag6_negative_len|ipv6_missing_jumbo|ipv6_mobility_1|mptcp-dss-oobr|tcp__truncated-header|trunc__)/,
  },
  {
    reason: "tshark puts the home address or the last hop of a source route for the address of the IPv6 header",
    subjects: ["conv,tcp", "conv,ipv6", "follow"],
    captures: /^chksums__ip6-(hoa|route0)-tcp/,
  },
  {
    reason: "segments that the snapshot length cut: what is missing is a gap here, tshark leaves it out",
    subjects: ["follow"],
    captures:
      /^(babel_update_oobr|bgp_mp_reach_nlri-oobr|bgp_mvpn_6_and_7_oobr|hoobr_nfs_printfh|of10_7050sx_bsn-oobr)\./,
  },
  {
    reason: "RFC 9293 section 3.5.3: text of a RST is for people and no part of the stream; tshark follows it",
    subjects: ["follow"],
    captures: /^tcp_rst_/,
  },
  {
    reason: "a datagram whose fragments contradict each other (teardrop): it is given up, tshark shows a part",
    subjects: ["defragment"],
    captures: /^ipv4__fragmented-1\./,
  },
  {
    reason: "tshark 4.0 does not know the method QUERY, nor http/1.1 in lower case, and takes the head for content",
    subjects: ["objects"],
    captures: /^http__(query-method|http-lower-case)/,
  },
  {
    reason: "what is no HTTP/1, or HTTP no more: tshark takes the segments for objects",
    subjects: ["objects"],
    captures: /^(http__http-11-request-then-cruft|http__http-inner-transfer-encoding-ossfuzz|http__http_09)/,
  },
  {
    reason:
      "a body without a length goes on until the connection ends: here it is one, tshark makes an object of each segment",
    subjects: ["objects"],
    captures: /^mixed-vlan-mpls\./,
  },
  {
    reason: "a body with a gap is no whole object; tshark writes what there is",
    subjects: ["objects"],
    captures: /^tunnels__gtp__gtp9/,
  },
  {
    reason:
      "tshark gives no Community ID, or that of the outer packet, where headers are cut or malformed or IP length is 0",
    subjects: ["communityid"],
    captures: /^(bigtcp-|icmp-icmp_print-oobr-1|icmpv6-length-zero|icmp__icmp6-nd-short-options|trunc__)/,
  },
  {
    reason: "tshark sees the flow in layers that are outside the set",
    subjects: ["communityid"],
    captures: /^(icmp-icmp_print-oobr-2|tunnels__gtp__gtp2_different_udp_port)/,
  },
];

export function streamExceptionFor(subject: StreamSubject, capture: string): StreamException | undefined {
  return streamExceptions.find((rule) => rule.subjects.includes(subject) && rule.captures.test(capture));
}
