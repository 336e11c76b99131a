export { ipv4, ipv6, mac } from "./address.ts";
export { bindLayer, bindLinkType } from "./bind.ts";
export type { ByteWriter } from "./build/byte-writer.ts";
export { crc32c, internetChecksum } from "./build/checksum.ts";
export type { BuildContext } from "./build/context.ts";
export {
  type BuildInput,
  type BuildOptions,
  build,
  fromJSON,
  type Stack,
  type StackPart,
  stack,
} from "./build/stack.ts";
export type {
  CaptureBlock,
  CustomBlock,
  InterfaceBlock,
  NameRecord,
  NamesBlock,
  OtherBlock,
  PacketBlock,
  SecretsBlock,
  SectionBlock,
  StatisticsBlock,
} from "./container/block.ts";
export { type Capture, openCapture } from "./container/capture.ts";
export type { CaptureOptions } from "./container/capture-options.ts";
export { type CaptureInterface, LinkType } from "./container/interface.ts";
export { type MemoryCapture, readCapture } from "./container/memory-capture.ts";
export type { CaptureOption } from "./container/option.ts";
export type { CaptureProblem, ReaderLimits } from "./container/reader.ts";
export type { CaptureInput, SourceOptions } from "./container/source.ts";
export {
  type CaptureSink,
  type CaptureTarget,
  CaptureWriter,
  type CaptureWriterOptions,
  encodeCapture,
  type WritablePacket,
} from "./container/writer.ts";
export { createDecoder, type Decoder } from "./decoder.ts";
export { CaptureFormatError, InvalidValueError } from "./errors.ts";
export {
  bits,
  dynamic,
  type Field,
  type FieldOptions,
  type NumberOptions,
  octets,
  u8,
  u16,
  u16le,
  u24,
  u32,
  u32le,
} from "./field.ts";
export { compileFilter, type Filter, type FilterOptions } from "./filter/filter.ts";
export { FilterError, FilterSyntaxError } from "./filter/filter-error.ts";
export type { Instruction } from "./filter/instruction.ts";
export type { LinkTypeName } from "./filter/link-type.ts";
export type { FilterNames } from "./filter/names.ts";
export type { ValidationProblem } from "./filter/validate.ts";
export { describeLayer, type FieldText } from "./format/describe.ts";
export { escapeText } from "./format/escape.ts";
export { hexdump } from "./format/hexdump.ts";
export type { PacketJSON } from "./format/json.ts";
export { type SummaryParts, summaryParts } from "./format/summary.ts";
export { fromHex, toHex } from "./hex.ts";
export {
  type Accepts,
  type AnyDefinition,
  type AnyField,
  type Derived,
  defineLayer,
  type FieldInputs,
  type Fields,
  type FieldValues,
  findLayer,
  type HeaderLength,
  type LayerCode,
  type LayerDefinition,
  type LayerJSON,
  type LayerSpec,
  type LayerType,
  type LayerView,
  type Next,
} from "./layer.ts";
export { ARCNET } from "./layers/arcnet.ts";
export { ARP } from "./layers/arp.ts";
export { type BytesInput, fixedBytes, type TypeAndData, u64, variableBytes } from "./layers/content.ts";
export { DHCP } from "./layers/dhcp.ts";
export { DHCPv6 } from "./layers/dhcpv6.ts";
export {
  DNS,
  type DNSData,
  DNSOverTCP,
  type DNSQuestion,
  type DNSRecord,
  DNSType,
} from "./layers/dns.ts";
export { Dot11, Radiotap } from "./layers/dot11.ts";
export { ERSPAN2, ERSPAN3 } from "./layers/erspan.ts";
export { Ethernet } from "./layers/ethernet.ts";
export { CiscoHDLC, FrameRelay } from "./layers/frame-relay.ts";
export { GENEVE, type GeneveOption } from "./layers/geneve.ts";
export { GRE, type GREChecksum } from "./layers/gre.ts";
export { GTPU } from "./layers/gtp.ts";
export { HTTP } from "./layers/http.ts";
export { ICMP } from "./layers/icmp.ts";
export {
  ICMPv6,
  ICMPv6Echo,
  ICMPv6Error,
  MLD,
  type MLDRecord,
  MLDv2Report,
  NDRedirect,
  NeighborAdvertisement,
  NeighborSolicitation,
  RouterAdvertisement,
  RouterSolicitation,
} from "./layers/icmpv6.ts";
export { IGMP } from "./layers/igmp.ts";
export { IPoIB } from "./layers/infiniband.ts";
export { IPv4, type IPv4Option } from "./layers/ipv4.ts";
export { IPv6 } from "./layers/ipv6.ts";
export {
  AH,
  ESP,
  IPv6DestinationOptions,
  IPv6Fragment,
  IPv6HopByHop,
  IPv6Routing,
} from "./layers/ipv6-extensions.ts";
export { SLL, SLL2 } from "./layers/linux-cooked.ts";
export { LLC, SNAP } from "./layers/llc.ts";
export { LLDP } from "./layers/lldp.ts";
export { Loop, Null } from "./layers/loopback.ts";
export { MPLS } from "./layers/mpls.ts";
export { NTP } from "./layers/ntp.ts";
export { PIM } from "./layers/pim.ts";
export { PPP, PPPoE, PPPoEDiscovery, type PPPoETag } from "./layers/ppp.ts";
export { QUIC } from "./layers/quic.ts";
export { RADIUS } from "./layers/radius.ts";
export { RTP } from "./layers/rtp.ts";
export { SCTP, type SCTPChunk } from "./layers/sctp.ts";
export { SIP } from "./layers/sip.ts";
export { SNMP } from "./layers/snmp.ts";
export { type BridgeMessage, STP } from "./layers/stp.ts";
export { Syslog } from "./layers/syslog.ts";
export { TCP, TCPFlags, type TCPOption } from "./layers/tcp.ts";
export type { HeadInput } from "./layers/text-message.ts";
export { TFTP } from "./layers/tftp.ts";
export { TLS, type TLSRecord } from "./layers/tls.ts";
export type { ClientHello, ServerHello, TLSExtension } from "./layers/tls-hello.ts";
export { UDP } from "./layers/udp.ts";
export { VLAN } from "./layers/vlan.ts";
export { VXLAN } from "./layers/vxlan.ts";
export { WireGuard } from "./layers/wireguard.ts";
export { Packet } from "./packet.ts";
export type { FilterOption, PacketFilter } from "./packet-filter.ts";
export type { StepParts } from "./step.ts";
export {
  Conversation,
  type ConversationJSON,
} from "./streams/conversation.ts";
export type { FragmentOverlapPolicy } from "./streams/datagram.ts";
export { Defragmenter, type DefragmentOptions, type DefragmentStatistics } from "./streams/defragment.ts";
export { type DNSMessage, DNSTracker, type DNSTrackerOptions, DNSTransaction } from "./streams/dns-tracker.ts";
export { type Endpoint, endpointText } from "./streams/endpoint.ts";
export { Flow, type FlowCounters, type FlowJSON, type RoundTrip, type TrafficCounters } from "./streams/flow.ts";
export type { EndReason } from "./streams/flow-table.ts";
export {
  type ConversationKind,
  FlowTracker,
  type FlowTrackerOptions,
  type TrackerTotals,
} from "./streams/flow-tracker.ts";
export {
  FollowedStream,
  type FollowedStreams,
  type FollowOptions,
  type FollowStatistics,
  follow,
  type GapPolicy,
  type PacketSource,
  StreamGapError,
} from "./streams/follow.ts";
export { type DecodeBodyOptions, HTTPBody, HTTPBodyError } from "./streams/http-body.ts";
export { type HTTPMessage, type HTTPRequest, type HTTPResponse, headerOf } from "./streams/http-message.ts";
export { HTTPTracker, type HTTPTrackerOptions } from "./streams/http-tracker.ts";
export { HTTPTransaction } from "./streams/http-transaction.ts";
export {
  type OnStream,
  TCPReassembler,
  type TCPReassemblyOptions,
  type TCPReassemblyStatistics,
} from "./streams/reassemble.ts";
export { StreamChunk, type StreamSide } from "./streams/tcp-chunk.ts";
export type { OverlapPolicy } from "./streams/tcp-direction.ts";
export { type StreamCounters, type TCPState, TCPStream, type TCPStreamHandler } from "./streams/tcp-stream.ts";
export { TLSSession, TLSTracker, type TLSTrackerOptions } from "./streams/tls-tracker.ts";
export { Timestamp } from "./timestamp.ts";
export type { FieldPlace } from "./view-class.ts";
export type { DecodeError, DecodeErrorCode } from "./walk.ts";
