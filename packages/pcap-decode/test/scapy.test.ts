import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  ARP,
  build,
  DHCP,
  DNS,
  Ethernet,
  encodeCapture,
  GRE,
  ICMP,
  ICMPv6,
  ICMPv6Echo,
  IPv4,
  IPv6,
  IPv6HopByHop,
  LLC,
  MPLS,
  NTP,
  type Packet,
  readCapture,
  SCTP,
  STP,
  type Stack,
  stack,
  TCP,
  toHex,
  UDP,
  VLAN,
  VXLAN,
} from "../src/index.ts";

/** A Python that has scapy: the first in the path, or the system's own. */
const python = ["python3", "/usr/bin/python3"].find((each) => {
  try {
    execFileSync(each, ["-c", "import scapy"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});
if (python === undefined) console.log("Skipped: there is no Python with scapy (Debian: python3-scapy).");

const folder = mkdtempSync(join(tmpdir(), "scapy-"));
afterAll(() => rmSync(folder, { recursive: true }));

function scapy(program: string, ...args: string[]): string {
  return execFileSync(
    python!,
    ["-W", "ignore", "-c", `from scapy.all import *\nimport json, sys\n${program}`, ...args],
    { encoding: "utf8", maxBuffer: 1 << 26 },
  );
}

/** Packets that we build, and what scapy must say of them: its fields as `LAYER.field`, in its own names. */
const ours: [name: string, packet: Stack, fields: Record<string, unknown>][] = [
  [
    "TCP with options",
    stack(
      Ethernet({ src: "02:00:00:00:00:01", dst: "02:00:00:00:00:02" }),
      IPv4({ src: "10.0.0.1", dst: "10.0.0.2", id: 7, ttl: 9 }),
      TCP({
        sport: 1234,
        dport: 80,
        seq: 5,
        ack: 6,
        flags: "SA",
        window: 99,
        options: [
          { kind: "mss", value: 1460 },
          { kind: "nop" },
          { kind: "windowScale", shift: 7 },
          { kind: "timestamps", value: 1, echo: 2 },
        ],
      }),
      "hello",
    ),
    {
      "Ether.src": "02:00:00:00:00:01",
      "Ether.type": 0x800,
      "IP.len": 65,
      "IP.ihl": 5,
      "IP.id": 7,
      "IP.ttl": 9,
      "IP.proto": 6,
      "TCP.sport": 1234,
      "TCP.seq": 5,
      "TCP.ack": 6,
      "TCP.dataofs": 10,
      "TCP.flags": "SA",
      "TCP.window": 99,
      "TCP.options": [
        ["MSS", 1460],
        ["NOP", null],
        ["WScale", 7],
        ["Timestamp", [1, 2]],
        ["EOL", null],
      ],
      "Raw.load": "68656c6c6f",
    },
  ],
  [
    "UDP and DNS",
    stack(
      Ethernet(),
      IPv4({ src: "10.0.0.1", dst: "10.0.0.2" }),
      UDP({ sport: 5000 }),
      DNS({ id: 77, questions: [{ name: "www.example.org", type: 28, class: 1 }] }),
    ),
    {
      "UDP.len": 41,
      "UDP.dport": 53,
      "DNS.id": 77,
      "DNS.rd": 1,
      "DNS.qdcount": 1,
      "DNSQR.qname": "7777772e6578616d706c652e6f72672e",
      "DNSQR.qtype": 28,
    },
  ],
  [
    "VLAN and ARP",
    stack(
      Ethernet(),
      VLAN({ vid: 100, pcp: 5 }),
      ARP({ op: 2, hwsrc: "02:00:00:00:00:09", psrc: "10.0.0.9", pdst: "10.0.0.1" }),
    ),
    {
      "Dot1Q.vlan": 100,
      "Dot1Q.prio": 5,
      "ARP.op": 2,
      "ARP.hwsrc": "02:00:00:00:00:09",
      "ARP.psrc": "10.0.0.9",
      "ARP.hwlen": 6,
    },
  ],
  [
    "IPv6, options and ICMPv6",
    stack(
      Ethernet(),
      IPv6({ src: "2001:db8::1", dst: "2001:db8::2", hopLimit: 3, flowLabel: 0x12345 }),
      IPv6HopByHop({ options: [{ type: 5, data: "0000" }] }),
      ICMPv6({ type: "echo" }),
      ICMPv6Echo({ id: 1, sequence: 2 }),
      "x",
    ),
    {
      "IPv6.plen": 17,
      "IPv6.fl": 0x12345,
      "IPv6.nh": 0,
      "IPv6.hlim": 3,
      "IPv6ExtHdrHopByHop.nh": 58,
      "ICMPv6EchoRequest.id": 1,
      "ICMPv6EchoRequest.seq": 2,
    },
  ],
  [
    "ICMP",
    stack(Ethernet(), IPv4({ src: "10.0.0.1", dst: "10.0.0.2" }), ICMP({ type: "echo", id: 3, sequence: 4 }), "ping"),
    { "ICMP.type": 8, "ICMP.id": 3, "ICMP.seq": 4 },
  ],
  [
    "VXLAN",
    stack(
      Ethernet(),
      IPv4(),
      UDP({ sport: 9, dport: 4789 }),
      VXLAN({ vni: 4242 }),
      Ethernet({ src: "02:00:00:00:00:05" }),
      IPv4({ dst: "10.5.5.5" }),
      UDP({ sport: 1, dport: 2 }),
      "in",
    ),
    { "VXLAN.vni": 4242 },
  ],
  [
    "GRE with a key",
    stack(Ethernet(), IPv4(), GRE({ key: 17, checksum: true }), IPv4({ dst: "10.6.6.6" }), UDP({ sport: 1, dport: 2 })),
    { "GRE.key": 17, "GRE.key_present": 1, "GRE.chksum_present": 1, "GRE.proto": 0x800 },
  ],
  [
    "spanning tree",
    stack(
      Ethernet({ dst: "01:80:c2:00:00:00" }),
      LLC(),
      STP({
        message: {
          flags: 0,
          rootPriority: 32768,
          rootAddress: "02:00:00:00:00:01",
          rootPathCost: 4,
          bridgePriority: 32769,
          bridgeAddress: "02:00:00:00:00:02",
          port: 0x8001,
          messageAge: 256,
          maxAge: 5120,
          helloTime: 512,
          forwardDelay: 3840,
        },
      }),
    ),
    {
      "Dot3.len": 38,
      "LLC.dsap": 0x42,
      "STP.rootid": 32768,
      "STP.rootmac": "02:00:00:00:00:01",
      "STP.pathcost": 4,
      "STP.portid": 0x8001,
    },
  ],
  [
    "DHCP",
    stack(
      Ethernet(),
      IPv4({ src: "0.0.0.0", dst: "255.255.255.255" }),
      UDP({ sport: 68, dport: 67 }),
      DHCP({
        xid: 99,
        chaddr: "02:00:00:00:00:07",
        options: [
          { type: 53, data: "01" },
          { type: 255, data: "" },
        ],
      }),
    ),
    { "BOOTP.xid": 99, "BOOTP.op": 1, "DHCP.options": [["message-type", 1], "end"] },
  ],
  [
    "SCTP",
    stack(Ethernet(), IPv4(), SCTP({ sport: 7, dport: 8, tag: 5, chunks: [{ type: 11, flags: 0, data: "" }] })),
    { "SCTP.sport": 7, "SCTP.tag": 5 },
  ],
  [
    "NTP",
    stack(Ethernet(), IPv4(), UDP({ sport: 123, dport: 123 }), NTP({ stratum: 2 })),
    { "NTPHeader.stratum": 2, "NTPHeader.version": 4, "NTPHeader.mode": 3 },
  ],
];

const CHECKSUMS = `
def value(v):
    if isinstance(v, bytes): return v.hex()
    if isinstance(v, (list, tuple)): return [value(x) for x in v]
    if isinstance(v, (int, str)) or v is None: return v
    return str(v)
`;

describe.skipIf(python === undefined)("scapy", () => {
  test("decodes what we build, agrees on every field, and computes the same bytes", async () => {
    const file = join(folder, "ours.pcap");
    writeFileSync(file, await encodeCapture(ours.map(([, packet]) => packet.bytes())));
    writeFileSync(join(folder, "asked.json"), JSON.stringify(ours.map(([, , fields]) => Object.keys(fields))));
    const output = scapy(
      `${CHECKSUMS}
load_contrib("mpls")
asked = json.load(open(sys.argv[2]))
result = []
for p, names in zip(rdpcap(sys.argv[1]), asked):
    raw_bytes = bytes(p)
    q = p.copy()
    layer = q
    while layer and not isinstance(layer, NoPayload):
        for name in ("chksum", "len", "cksum", "dataofs", "ihl", "plen"):
            if name in layer.fields: del layer.fields[name]
        layer = layer.payload
    fields = {}
    for name in names:
        kind, field = name.split(".")
        found = p.getlayer(kind)
        if found is None and kind == "NTPHeader": found = p.getlayer("NTP")
        fields[name] = "no such layer in " + p.summary() if found is None else value(found.getfieldval(field))
    result.append({"fields": fields, "same": bytes(q).hex() == raw_bytes.hex()})
print(json.dumps(result))`,
      file,
      join(folder, "asked.json"),
    );
    const results = JSON.parse(output) as { fields: Record<string, unknown>; same: boolean }[];
    results.forEach(({ fields, same }, i) => {
      const [name, , wanted] = ours[i]!;
      expect(fields, name).toEqual(wanted);
      expect(same, `${name}: scapy computes other lengths or checksums`).toBe(true);
    });
  });

  test("and the other way round: we decode what it builds, and build it again", () => {
    const file = join(folder, "theirs.pcap");
    const fields = JSON.parse(
      scapy(
        `${CHECKSUMS}
load_contrib("mpls")
ps = [
  Ether(src="02:00:00:00:00:01")/IP(src="10.1.1.1",dst="10.1.1.2",options=[IPOption_Router_Alert()])/TCP(sport=9,dport=10,flags="PA",seq=77,options=[("MSS",1400),("SAckOK",b""),("WScale",3)])/b"data",
  Ether()/Dot1Q(vlan=5)/Dot1Q(vlan=6)/IPv6(src="2001:db8::5",dst="2001:db8::6")/UDP(sport=1,dport=53)/DNS(qd=DNSQR(qname="a.b.example",qtype="MX")),
  Ether()/IPv6(dst="2001:db8::9")/IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\\0\\0")])/TCP(dport=22),
  Ether()/ARP(op=1,psrc="10.0.0.3",pdst="10.0.0.4"),
  Ether()/IP(dst="10.1.1.2")/ICMP(type=3,code=4,nexthopmtu=1400)/IP(src="10.1.1.2",dst="10.9.9.9")/UDP(sport=3,dport=4),
  Ether()/MPLS(label=100,s=0)/MPLS(label=200,s=1)/IP(dst="10.1.1.2")/UDP(sport=5,dport=6),
  Ether()/IP(dst="10.1.1.2")/GRE()/IP(dst="10.1.1.3")/ICMP(),
  Ether()/IP(dst="10.1.1.2")/SCTP(sport=1,dport=2,tag=3)/SCTPChunkCookieAck(),
]
wrpcap(sys.argv[1], ps)
print(json.dumps([p.__class__(bytes(p)).summary() for p in ps]))`,
        file,
      ),
    ) as string[];
    expect(fields.length).toBe(8);
    const packets = [...readCapture(readFileSync(file))];
    expect(packets.map((packet) => packet.error)).toEqual(packets.map(() => undefined));
    for (const packet of packets)
      expect(toHex(build(JSON.parse(JSON.stringify(packet)), { recompute: true })), packet.summary()).toBe(
        toHex(packet.bytes),
      );
    const [tcp, dns, options, arp, icmp, mpls, gre, sctp] = packets as [Packet, ...Packet[]];
    expect([tcp!.require(IPv4).options, tcp!.require(TCP).seq]).toEqual([[{ type: 148, data: "0000" }], 77]);
    expect(tcp!.require(TCP).options.slice(0, 3)).toEqual([
      { kind: "mss", value: 1400 },
      { kind: "sackPermitted" },
      { kind: "windowScale", shift: 3 },
    ]);
    expect([dns!.all(VLAN).map((tag) => tag.vid), dns!.require(DNS).questions]).toEqual([
      [5, 6],
      [{ name: "a.b.example", type: 15, class: 1 }],
    ]);
    expect(options!.require(TCP).dport).toBe(22);
    expect([arp!.require(ARP).op, arp!.require(ARP).pdst]).toEqual([1, "10.0.0.4"]);
    expect([icmp!.require(ICMP).mtu, icmp!.require(IPv4, 1).dst, icmp!.require(UDP).dport]).toEqual([
      1400,
      "10.9.9.9",
      4,
    ]);
    expect(mpls!.all(MPLS).map((label) => label.label)).toEqual([100, 200]);
    expect(gre!.require(IPv4, 1).dst).toBe("10.1.1.3");
    expect(sctp!.require(SCTP).chunks[0]!.type).toBe(11);
  });
});
