import { type Command, InvalidArgumentError, Option } from "commander";
import type { CommonOptions } from "./session.ts";
import type { SniffCommandOptions } from "./sniff.ts";
import type { PingCommandOptions, TracerouteCommandOptions } from "./sniff-probe.ts";

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

function seconds(text: string): number {
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(text)) throw new InvalidArgumentError("Expected seconds.");
  return Number(text);
}

const color = (): Option =>
  new Option("--color <when>", "colour the output").choices(["auto", "always", "never"]).default("auto");

/** The commands that need the network: `sniff`, `interfaces`, `ping`, `traceroute`. */
export function addLiveCommands(program: Command, run: (command: () => Promise<number>) => Promise<void>): void {
  program
    .command("sniff")
    .description("capture from a network interface (root or CAP_NET_RAW)")
    .argument("<interface>", "where to capture: names with commas between, or any")
    .argument("[filter...]", "only packets that this selects; the kernel runs it")
    .option("-c, --count <n>", "stop after n packets", whole)
    .option("-d, --duration <seconds>", "stop after this time", whole)
    .option("-w, --write <file>", "write to a .pcapng or .pcap instead of printing")
    .option("-p, --print", "print too when writing")
    .option("--rotate-size <MB>", "begin another file after so many megabytes", whole)
    .option("--rotate-seconds <n>", "begin another file after so many seconds", whole)
    .option("--rotate-packets <n>", "begin another file after so many packets", whole)
    .option("--files <n>", "keep so many files, the latest", whole)
    .option("-v, --verbose", "every field of every layer")
    .option("-x, --hex", "the bytes too")
    .option("-j, --json", "one JSON object a line")
    .option("-s, --snaplen <bytes>", "cut packets to this many bytes", whole)
    .option("-B, --receive-buffer <KiB>", "room in the kernel for packets that wait", whole)
    .option("--no-promiscuous", "only what is meant for this system")
    .addOption(
      new Option("-t, --time <format>", "how to print times")
        .choices(["local", "utc", "epoch", "relative"])
        .default("local"),
    )
    .addOption(color())
    .action((name: string, words: string[], options: SniffCommandOptions) =>
      run(async () => (await import("./sniff.ts")).sniffPackets(name, { ...options, filter: words.join(" ") })),
    );

  program
    .command("interfaces")
    .description("list the network interfaces")
    .option("-j, --json", "as JSON")
    .addOption(color())
    .action((options: CommonOptions & { json?: boolean }) =>
      run(async () => (await import("./sniff-probe.ts")).listInterfaces(options)),
    );

  program
    .command("ping")
    .description("ask a host whether it is there")
    .argument("<host>", "name or address")
    .option("-c, --count <n>", "stop after n requests", whole)
    .option("-i, --interval <seconds>", "from one request to the next", seconds, 1)
    .option("-W, --timeout <seconds>", "wait so long for an answer", seconds, 1)
    .option("-s, --size <bytes>", "bytes of payload", whole, 56)
    .option("-t, --ttl <n>", "routers that a request may pass", whole, 64)
    .action((host: string, options: PingCommandOptions) =>
      run(async () => (await import("./sniff-probe.ts")).pingHost(host, options)),
    );

  program
    .command("traceroute")
    .description("find the routers on the way to a host")
    .argument("<host>", "name or address")
    .addOption(new Option("-m, --method <kind>", "what to send").choices(["udp", "icmp", "tcp"]).default("udp"))
    .option("--max-hops <n>", "give up after so many", whole, 30)
    .option("-q, --queries <n>", "packets for each hop", whole, 3)
    .option("-w, --timeout <seconds>", "wait so long for a hop", seconds, 1)
    .option("-p, --port <n>", "the first port (udp), or the port (tcp)", whole)
    .action((host: string, options: TracerouteCommandOptions) =>
      run(async () => (await import("./sniff-probe.ts")).traceHost(host, options)),
    );
}
