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
