import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HostConvention } from "../../src/filter/generate/state.ts";
import type { FilterNames } from "../../src/filter/names.ts";

const ROOT = fileURLToPath(new URL("../../../../../shared/corpus/", import.meta.url));

/** Whether the shared corpus lies beside the repository. */
export const hasCorpus = existsSync(`${ROOT}filters/accept.json`);

/** Suffix for the name of a suite, so that a run says why it skipped. */
export const corpusNote = hasCorpus ? "" : " (skipped: ../shared/corpus is not there)";

export interface AcceptEntry {
  readonly name: string;
  readonly dlt: string;
  readonly expressions: readonly string[];
  readonly snaplen?: number;
  readonly netmask?: string;
  readonly linuxext?: number;
  readonly generate_offline_filter?: string;
  readonly upstream_skip?: string;
  readonly optimized: string | null;
  readonly unoptimized: string;
  readonly libpcap_1_10_3: { readonly optimized: string; readonly unoptimized: string };
}

export interface ApplyEntry {
  readonly name: string;
  readonly capture: string;
  readonly expression: string;
  readonly netmask?: string;
  readonly results: readonly number[];
}

export interface RejectEntry {
  readonly name: string;
  readonly dlt?: string;
  readonly expression?: string;
  readonly netmask?: string;
  readonly error: string;
}

export interface MatchEntry {
  readonly expression: string;
  readonly captures: Readonly<Record<string, { readonly of: number; readonly packets: readonly number[] }>>;
}

export function corpusPath(name: string): string {
  return ROOT + name;
}

export function readCorpus<T>(name: string): T {
  return JSON.parse(readFileSync(`${ROOT}filters/${name}.json`, "utf8")) as T;
}

/** The names that some entries presuppose, looked up without regard to case. */
export function corpusNames(): FilterNames {
  const names = readCorpus<{ hosts: string[]; ethers: string[]; networks: string[] }>("names");
  const table = (lines: readonly string[], key: number, value: number): Map<string, string[]> => {
    const map = new Map<string, string[]>();
    for (const line of lines) {
      const fields = line.split(/\s+/);
      const name = fields[key]!.toLowerCase();
      map.set(name, [...(map.get(name) ?? []), fields[value]!]);
    }
    return map;
  };
  const hosts = table(names.hosts, 1, 0);
  const ethers = table(names.ethers, 1, 0);
  const networks = table(names.networks, 0, 1);
  return {
    host: (name) => hosts.get(name.toLowerCase()),
    ether: (name) => ethers.get(name.toLowerCase())?.[0],
    network: (name) => networks.get(name.toLowerCase())?.[0],
  };
}

/** Entries for other systems say in their name or condition which constants that system has. */
export function hostOf({ name, upstream_skip: condition = "" }: AcceptEntry): HostConvention {
  const haiku = condition.includes("skip_os_not ('haiku')");
  const family = Number(/_(\d+)(?:LE|BE)?_(?:index_)?[A-Z]/.exec(name)?.[1] ?? 0);
  const isIgrp = name.includes("igrp");
  const isSix = name.includes("ip6") || name.includes("icmp6");
  return {
    inet: family > 0 && !isSix && !isIgrp ? family : haiku ? 1 : 2,
    inet6: family > 0 && isSix ? family : haiku ? 5 : 10,
    bigEndian: condition.includes("skip_little_endian"),
    igrp: condition === "skip_igrp9" || name.includes("igrp_88") ? 88 : 9,
  };
}

/** A program as the corpus has it, without spaces at the ends of lines. */
export function normalise(text: string): string {
  return text
    .trim()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
