import { describe, expect, it } from "vitest";
import { LinkType } from "../../src/container/interface.ts";
import { compileToJavaScript } from "../../src/filter/compile-js.ts";
import { compileFilter, compileProgram } from "../../src/filter/filter.ts";
import { FilterError } from "../../src/filter/filter-error.ts";
import type { Instruction } from "../../src/filter/instruction.ts";
import { interpreter } from "../../src/filter/interpret.ts";
import { findLinkType, type LinkTypeName } from "../../src/filter/link-type.ts";
import { printProgram } from "../../src/filter/print.ts";
import { validateProgram } from "../../src/filter/validate.ts";
import { Random } from "../random.ts";
import { type Capture, readCapture } from "./capture.ts";
import {
  type AcceptEntry,
  type ApplyEntry,
  corpusNames,
  corpusNote,
  corpusPath,
  hasCorpus,
  hostOf,
  type MatchEntry,
  normalise,
  type RejectEntry,
  readCorpus,
} from "./corpus.ts";
import { coverProgram } from "./cover.ts";
import { parseProgram } from "./program-text.ts";
import { trace } from "./trace.ts";

/**
 * Programs with edges that no packet takes: what the kernel knows beside a packet is not in it; A and X are compared
 * right after one has been copied to the other; constants are compared with constants, and bytes with more than a byte.
 */
const UNREACHABLE = [
  / \S*linuxext\S* /,
  / (?:geneve|vxlan)\S* /,
  / ld[bh]?_jset_\S* /,
  / (?:bool_reduction|icmp_types|icmp6_types|tcp_flags|link_proto|llc)\S* unoptimized$/,
  / r?arp_host_addr_(?:PFLOG|raw) unoptimized$/,
  / (?:mopdl_index_ARCNET_LINUX|moprc_index_PFLOG) unoptimized$/,
];

const NO_PACKET_PASSES = "expression rejects all packets";

describe.skipIf(!hasCorpus)(`filter corpus${corpusNote}`, () => {
  const names = hasCorpus ? corpusNames() : {};

  const program = (entry: AcceptEntry, expression: string, optimise: boolean): readonly Instruction[] =>
    compileProgram(expression, {
      linkType: entry.dlt as LinkTypeName,
      snaplen: entry.snaplen ?? 262_144,
      netmask: entry.netmask ?? 0,
      resolve: names,
      linuxExtensions: entry.linuxext === 1,
      savefile: entry.generate_offline_filter !== undefined,
      optimise,
      host: hostOf(entry),
    });

  const text = (entry: AcceptEntry, expression: string, optimise: boolean): string | null => {
    try {
      return printProgram(program(entry, expression, optimise));
    } catch (error) {
      if (error instanceof FilterError && error.message.includes(NO_PACKET_PASSES)) return null;
      throw error;
    }
  };

  it("gives the listed programs, optimised and not", () => {
    const differing: string[] = [];
    let same = 0;
    let sameAs110 = 0;
    let runBy110 = 0;
    for (const entry of readCorpus<AcceptEntry[]>("accept")) {
      for (const which of ["optimized", "unoptimized"] as const) {
        const listed = entry[which];
        const expected = listed === null ? null : normalise(listed);
        for (const [index, expression] of entry.expressions.entries()) {
          const equal = text(entry, expression, which === "optimized") === expected;
          if (equal) same++;
          else differing.push(`${entry.dlt} ${entry.name} ${which}: ${expression}`);
          const old = entry.libpcap_1_10_3[which];
          if (index > 0 || old === "not-run" || old === "error") continue;
          runBy110++;
          if (equal && old === "same") sameAs110++;
        }
      }
    }
    console.info(`textually identical: ${same} programs with libpcap 1.11, ${sameAs110} of ${runBy110} with 1.10.3`);
    expect(differing).toEqual([]);
  });

  it("gives the verdicts of the listed programs on packets that take both edges of every jump", () => {
    const unreachable: string[] = [];
    let packets = 0;
    for (const [seed, entry] of readCorpus<AcceptEntry[]>("accept").entries()) {
      for (const which of ["optimized", "unoptimized"] as const) {
        const listed = entry[which];
        if (listed === null) continue;
        const reference = parseProgram(normalise(listed));
        const ours = program(entry, entry.expressions[0]!, which === "optimized");
        const runs = [interpreter(ours), compileToJavaScript(ours)].filter((run) => run !== undefined);
        const coverage = coverProgram(reference, new Random(seed));
        for (const { index, taken } of coverage.missing) {
          unreachable.push(`${entry.dlt} ${entry.name} ${which} ${index}${taken ? " taken" : " not taken"}`);
        }
        for (const { bytes, wire } of coverage.packets) {
          packets++;
          const expected = trace(reference, bytes, wire).verdict;
          for (const run of runs) expect(run(bytes, 0, bytes.length, wire), entry.name).toBe(expected);
        }
      }
    }
    console.info(`${packets} packets; edges that no packet can take: ${unreachable.length}\n${unreachable.join("\n")}`);
    const entries = new Set(unreachable.map((edge) => edge.split(" ").slice(0, 3).join(" ")));
    expect([...entries].filter((entry) => !UNREACHABLE.some((reason) => reason.test(entry)))).toEqual([]);
    expect(packets).toBeGreaterThan(4000);
  });

  it("gives programs that the kernel takes, except those that loop", () => {
    for (const entry of readCorpus<AcceptEntry[]>("accept")) {
      const ours = program(entry, entry.expressions[0]!, false);
      const problems = validateProgram(ours);
      const expected = entry.name.includes("protochain") || entry.name.startsWith("geneve_and_tcp_index_IEEE802_11");
      expect(problems.length > 0, `${entry.name}: ${problems[0]?.message}`).toBe(expected);
    }
  });

  it.each(hasCorpus ? readCorpus<RejectEntry[]>("reject").filter((entry) => entry.dlt !== undefined) : [])(
    "refuses $expression ($name)",
    ({ dlt, expression, netmask, error }) => {
      const compile = (): unknown =>
        compileFilter(expression!, { linkType: dlt as LinkTypeName, netmask: netmask ?? 0 });
      expect(compile).toThrow(FilterError);
      expect(compile).toThrow(error);
    },
  );

  it.each(hasCorpus ? readCorpus<ApplyEntry[]>("apply") : [])(
    "returns the listed values for $expression on $capture",
    ({ capture, expression, netmask, results }) => {
      const { linkType, snaplen, packets } = readCapture(corpusPath(`filters/captures/${capture}`));
      const filter = compileFilter(expression, { linkType, snaplen, netmask: netmask ?? 0, resolve: names });
      const given = packets.map(({ bytes, original }) => filter.run(bytes, 0, bytes.length, original));
      expect(given).toEqual(results);
    },
  );

  it("selects the listed packets in the captures", () => {
    const captures = new Map<string, Capture>();
    let selected = 0;
    const differing: string[] = [];
    for (const { expression, captures: files } of readCorpus<MatchEntry[]>("matches")) {
      // The list was made with libpcap 1.10.3.
      const filter = compileFilter(expression, { libpcap: "1.10" });
      for (const [file, expected] of Object.entries(files)) {
        const capture = captures.get(file) ?? readCapture(corpusPath(file));
        captures.set(file, capture);
        expect(capture.packets.length).toBe(expected.of);
        const numbers = capture.packets.flatMap(({ bytes, original }, index) =>
          filter.match(bytes, 0, bytes.length, original) ? [index + 1] : [],
        );
        if (numbers.join() !== expected.packets.join())
          differing.push(`${expression} on ${file}: ${numbers.join()}, not ${expected.packets.join()}`);
        selected += numbers.length;
      }
    }
    expect(differing).toEqual([]);
    expect(selected).toBeGreaterThan(1000);
  });

  it("knows the link types of the corpus", () => {
    const unknown = readCorpus<AcceptEntry[]>("accept").filter(({ dlt }) => typeof findLinkType(dlt) !== "string");
    expect(unknown.map(({ dlt }) => dlt)).toEqual([]);
    expect(Object.keys(LinkType).length).toBeGreaterThan(40);
  });
});
