import { existsSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { LinkType } from "../../src/container/interface.ts";
import { compileFilter, type Filter } from "../../src/filter/filter.ts";
import { FilterError } from "../../src/filter/filter-error.ts";
import { Random } from "../random.ts";
import { type Capture, readCapture, readPcap, writePcap } from "./capture.ts";
import { corpusNote, corpusPath, hasCorpus, type MatchEntry, readCorpus } from "./corpus.ts";
import { coverProgram } from "./cover.ts";
import { GENERATED_LINK_TYPES, generateExpression } from "./expression-generator.ts";
import { inParallel, type TcpdumpResult, TcpdumpRunner, tcpdumpNote, tcpdumpVersion } from "./tcpdump.ts";
import { trace } from "./trace.ts";

/** Where release 1.10 and we differ in what is an error, and why that is so. */
const KNOWN_DIFFERENCES = [
  { ours: /greater than maximum/, theirs: undefined, reason: "1.10 compiles numbers that no field can hold" },
  {
    ours: undefined,
    theirs: /^(?:division by zero|modulus by zero|shift by more than 31 bits)$/,
    reason: "libpcap takes the index of an operand for the operand",
  },
  {
    ours: undefined,
    theirs: /^expression rejects all packets$/,
    reason: "1.10 tests each transport on its own, and sees that none can be",
  },
] as const;

const GENERATED = 2000;
const FIRST_SEED = 20_001;

const TCP = [
  "tcp",
  "tcp port 443",
  "tcp[tcpflags] & tcp-syn != 0",
  "tcp src portrange 1-1023",
  "src net 10 or dst net 10",
  "len > 200",
];

/** More captures, of other link types than Ethernet most of them, and expressions for each. */
const MORE_CAPTURES: Readonly<Record<string, readonly string[]>> = {
  "captures/zeek/tcp__ssh-dups.pcap": [
    ...TCP,
    "tcp[tcpflags] = tcp-ack",
    "tcp[tcpflags] & (tcp-syn | tcp-fin) != 0",
    "dst port ssh",
    "not src port ssh",
    "tcp[4:4] & 1 = 0",
    "ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) > 0",
    "ip[4:2] % 3 = 1",
    "ip[8] >= 64 and ip[8] <= 128",
    "len % 2 = 1 or tcp[14:2] < 1000",
    "tcp[(tcp[12] >> 4) * 4] = 0",
    "ether[6:2] ^ ether[0:2] != 0",
    "-ip[8] + 100 > 36",
  ],
  "captures/tcpdump/pim-packet-assortment.pcap": [
    "pim",
    "ip proto \\pim",
    "ip6 proto 103",
    "igmp",
    "ip multicast",
    "ip6 and not ip6 multicast",
    "ether multicast and not pim",
    "ip[9] = 103 and ip[20] & 0xf = 0",
    "proto 103 and (greater 70 or less 60)",
    "dst host 224.0.0.13",
    "ip6 dst host ff02::d",
  ],
  "captures/zeek/http__http-body-match.pcap": [
    ...TCP,
    "tcp dst port 80 and tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420",
    "port http or https",
    "port (80 or 8080 or 443)",
    "host 10.0.0.1 or net 192.168.0.0/16 or 172.16.0.0/12",
    "not (tcp port 80 or udp port 53) and not arp",
  ],
  "captures/tcpdump/HDLC.pcap": ["ip", "iso", "arp", "ip proto 89", "link[0] = 0x0f", "ip multicast"],
  "captures/tcpdump/OSPFv3_NBMA_adjacencies.pcap": ["ip6", "ip6 proto 89", "len > 100"],
  "captures/tcpdump/forces3.pcap": [
    ...TCP,
    "sctp",
    "sctp port 6704",
    "sctp[12] = 0",
    "udp or sctp",
    "inbound",
    "outbound",
  ],
  "captures/tcpdump/resp_1_benchmark.pcap": [...TCP, "port 6379", "tcp[20] = 0x2a", "link[14:2] = 0x800"],
  "captures/zeek/http__basic-auth-with-colon.pcap": TCP,
  "captures/tcpdump/ipv6_mobility_1.pcap": ["ip6", "ip6 proto 135", "ip6 protochain 135", "icmp6", "ip6[6] = 60"],
  "captures/zeek/tcp__payload-synack.pcap": TCP,
  "captures/zeek/quic__interop__quic-go_quic-go__zerortt.pcap": [
    "udp",
    "udp port 443",
    "ip",
    "ip6",
    "udp[8] & 0x80 != 0",
  ],
  "captures/zeek/tls__pop3-starttls.pcap": TCP,
  "captures/tcpdump/ipoib.pcap": ["link[40:2] = 0x806", "len > 60"],
  "captures/tcpdump/ieee802.11_tim_ie_oobr.pcap": [
    "type mgt",
    "subtype beacon",
    "wlan addr2 00:00:00:00:00:00 or type mgt",
  ],
  "filters/captures/isup_load_generator.pcap": ["dpc = 1", "sio 0x85", "msu", "len > 40", "opc > 1"],
  "filters/captures/wpa2linkuppassphraseiswireshark.pcap": [
    "wlan type mgt",
    "wlan type data and not wlan subtype null",
    "arp",
    "ip",
    "udp port 67",
    "wlan dir fromds",
    "ether host ff:ff:ff:ff:ff:ff",
    "wlan addr1 ff:ff:ff:ff:ff:ff",
    "link[0] = 0x80",
    "broadcast",
    "multicast",
  ],
  "filters/captures/Network_Join_Nokia_Mobile.pcap": [
    "wlan type data",
    "subtype beacon",
    "llc",
    "wlan ta 00:01:e3:41:bd:6e",
  ],
  "filters/captures/ISIS_p2p_adjacency.pcap": ["iso", "esis", "len < 100"],
  "filters/captures/loopback.pcap": ["ether proto 0x9000", "not ip", "ether[0] & 1 = 1"],
};

describe.skipIf(tcpdumpVersion === undefined)(`tcpdump as judge${tcpdumpNote}`, () => {
  const runner = new TcpdumpRunner();
  afterAll(() => runner.close());

  const select = (capture: Capture, filter: Filter): Buffer =>
    writePcap({
      ...capture,
      packets: capture.packets.filter(({ bytes, original }) => filter.match(bytes, 0, bytes.length, original)),
    });

  it.skipIf(!hasCorpus)(
    `gives the files that tcpdump -r -w gives${corpusNote}`,
    async () => {
      const pairs: { file: string; expression: string }[] = [];
      for (const { expression, captures } of readCorpus<MatchEntry[]>("matches")) {
        for (const file of Object.keys(captures)) pairs.push({ file, expression });
      }
      for (const [file, expressions] of Object.entries(MORE_CAPTURES)) {
        if (!existsSync(corpusPath(file))) throw new Error(`${file} is not in the corpus`);
        for (const expression of expressions) pairs.push({ file, expression });
      }
      const captures = new Map<string, { capture: Capture; path: string }>();
      for (const { file } of pairs) {
        if (captures.has(file)) continue;
        const capture = readCapture(corpusPath(file));
        // tcpdump gives up at some damaged files; it reads what we have read of them.
        captures.set(file, { capture, path: runner.file(writePcap(capture)) });
      }
      const differing: string[] = [];
      const expressions = new Set<string>();
      let compared = 0;
      await inParallel(pairs, async ({ file, expression }) => {
        const { capture, path } = captures.get(file)!;
        const theirs = await runner.filter(path, expression);
        const filter = compileFilter(expression, {
          linkType: capture.linkType,
          snaplen: capture.snaplen,
          libpcap: "1.10",
        });
        if (!theirs.ok) differing.push(`${expression} on ${file}: ${theirs.message}`);
        else if (!theirs.capture.equals(select(capture, filter))) differing.push(`${expression} on ${file}`);
        else compared++;
        expressions.add(expression);
      });
      console.info(
        `${compared} files are byte for byte tcpdump's, of ${expressions.size} expressions and ${captures.size} captures`,
      );
      expect(differing).toEqual([]);
      expect(expressions.size).toBeGreaterThanOrEqual(150);
    },
    300_000,
  );

  it(`agrees on ${GENERATED} generated expressions`, async () => {
    const seeds = Array.from({ length: GENERATED }, (_, index) => FIRST_SEED + index);
    const outcomes = { selected: 0, rejected: 0, packets: 0, cut: 0 };
    const differing: string[] = [];
    const known: string[] = [];
    await inParallel(seeds, async (seed) => {
      const random = new Random(seed);
      const linkType = random.pick(GENERATED_LINK_TYPES);
      const expression = generateExpression(random, linkType);
      let filter: Filter | undefined;
      let problem = "";
      try {
        filter = compileFilter(expression, { linkType, libpcap: "1.10" });
      } catch (error) {
        if (!(error instanceof FilterError)) throw error;
        problem = error.message;
      }
      const made =
        filter === undefined
          ? [{ bytes: random.bytes(80), wire: 80 }]
          : coverProgram(filter.instructions, random).packets;
      const capture: Capture = {
        linkType: LinkType[linkType],
        snaplen: 262_144,
        packets: made.map(({ bytes, wire }, index) => ({ bytes, original: wire, seconds: index, fraction: 0 })),
      };
      const path = runner.file(writePcap(capture));
      const theirs: TcpdumpResult = await runner.filter(path, expression);
      runner.remove(path);
      const report = (what: string): void => {
        differing.push(`seed ${seed}, ${linkType}: ${expression}\n    ${what}`);
      };
      const difference = KNOWN_DIFFERENCES.find(
        ({ ours, theirs: message }) =>
          (ours === undefined ? filter !== undefined : ours.test(problem)) &&
          (message === undefined ? theirs.ok : !theirs.ok && message.test(theirs.message)),
      );
      if (difference !== undefined && (filter === undefined || select(capture, filter).length === 24)) {
        known.push(`seed ${seed}, ${linkType}: ${expression}: ${difference.reason}`);
        return;
      }
      if (filter === undefined) {
        if (theirs.ok) report(`only we reject: ${problem}`);
        else outcomes.rejected++;
        return;
      }
      if (!theirs.ok) {
        report(`only tcpdump rejects: ${theirs.message}`);
        return;
      }
      outcomes.packets += capture.packets.length;
      const selected = new Set(readPcap(theirs.capture).packets.map(({ seconds }) => seconds));
      const others = capture.packets.filter(
        ({ bytes, original, seconds }) =>
          filter.match(bytes, 0, bytes.length, original) !== selected.has(seconds) &&
          // `geneve or …` reads scratch memory that nobody wrote, which holds anything in tcpdump.
          !trace(filter.instructions, bytes, original).readsUnwritten,
      );
      // Release 1.10 orders some loads otherwise, so that another one is the first to miss the end of a packet.
      const cut = others.filter(({ bytes, original }) => bytes.length < original);
      outcomes.cut += cut.length;
      if (others.length === cut.length) outcomes.selected++;
      else report(`other packets: ${others.map(({ seconds }) => seconds).join()}`);
    });
    console.info(
      `seeds ${FIRST_SEED} to ${FIRST_SEED + GENERATED - 1}: ${outcomes.selected} expressions select the same of ` +
        `${outcomes.packets} packets, ${outcomes.rejected} are refused by both, ` +
        `${outcomes.cut} packets that are cut short end at another load\n${known.join("\n")}`,
    );
    expect(differing).toEqual([]);
    expect(known.length).toBeLessThan(GENERATED / 200);
    expect(outcomes.cut).toBeLessThan(outcomes.packets / 1000);
    expect(outcomes.selected).toBeGreaterThan(GENERATED / 2);
    expect(outcomes.rejected).toBeGreaterThan(GENERATED / 20);
  }, 600_000);
});
