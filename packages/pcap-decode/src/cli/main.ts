import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import type { ConvertOptions } from "./convert.ts";
import type { DNSCommandOptions } from "./dns.ts";
import type { ExportOptions } from "./export-objects.ts";
import type { FilterCommandOptions } from "./filter.ts";
import type { FlowsOptions } from "./flows.ts";
import type { FollowCommandOptions } from "./follow.ts";
import type { HTTPCommandOptions } from "./http.ts";
import { OutputClosed, warn } from "./output.ts";
import type { ReadOptions } from "./read.ts";
import { addLiveCommands } from "./sniff-commands.ts";
import type { StatsOptions } from "./stats.ts";

// Each command is loaded when it is called: `filter` needs neither the layers nor the tables.

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

function count(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Expected a number of packets.");
  return Number(text);
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("Expected a number above 0.");
  return Number(text);
}

const color = () =>
  new Option("--color <when>", "colour the output").choices(["auto", "always", "never"]).default("auto");
const program = new Command("pcap-decode")
  .description("Packet captures and live traffic. FILE may be -, FILTER is that of tcpdump.")
  .helpCommand(false)
  .configureHelp({ subcommandTerm: (command) => command.name() })
  .version(version)
  .showHelpAfterError("(--help shows what there is)");

program
  .command("read")
  .description("print packets, one a line")
  .argument("<file>", "capture to read")
  .argument("[filter...]", "only packets that this selects")
  .option("-v, --verbose", "every field of every layer")
  .option("-x, --hex", "the bytes too")
  .option("-j, --json", "one JSON object a line")
  .option("-c, --count <n>", "stop after n packets", count)
  .option("-s, --skip <n>", "leave out the first n packets", count)
  .option("-f, --follow", "wait for more at the end of the file")
  .addOption(
    new Option("-t, --time <format>", "how to print times")
      .choices(["local", "utc", "epoch", "relative"])
      .default("local"),
  )
  .addOption(color())
  .action((file: string, words: string[], options: ReadOptions) =>
    run(async () => (await import("./read.ts")).read(file, { ...options, filter: words.join(" ") })),
  );

program
  .command("stats")
  .description("count packets by protocol")
  .argument("<file>", "capture to read")
  .argument("[filter...]", "only packets that this selects")
  .option("-j, --json", "as JSON")
  .addOption(color())
  .action((file: string, words: string[], options: StatsOptions) =>
    run(async () => (await import("./stats.ts")).stats(file, { ...options, filter: words.join(" ") })),
  );

program
  .command("convert")
  .description("write another format: pcap, pcapng, JSON lines, Parquet")
  .argument("<input>", "capture to read")
  .argument("<output>", "file to write; its name tells the format")
  .argument("[filter...]", "only packets that this selects")
  .addOption(new Option("--to <format>", "format, whatever the name").choices(["pcap", "pcapng", "jsonl", "parquet"]))
  .option("--snaplen <bytes>", "cut packets to this many bytes", positive)
  .option("--nanoseconds", "nanosecond timestamps in a pcap")
  .option("--big-endian", "most significant byte first")
  .option("-c, --count <n>", "stop after n packets", count)
  .option("-s, --skip <n>", "leave out the first n packets", count)
  .addOption(color())
  .action((input: string, output: string, words: string[], options: ConvertOptions) =>
    run(async () => (await import("./convert.ts")).convert(input, output, { ...options, filter: words.join(" ") })),
  );

program
  .command("filter")
  .description("print a filter's program, or write the packets it selects")
  .argument("<expression...>", "a filter of pcap-filter(7)")
  .option("-d, --dump", "print the program, as tcpdump -d (default without --read)")
  .option("-y, --link-type <type>", "link type to compile for", "ETHERNET")
  .option("-r, --read <file>", "capture to read")
  .option("-w, --write <file>", "capture to write; - or nothing is standard output")
  .addOption(color())
  .action((words: string[], options: FilterCommandOptions) =>
    run(async () => (await import("./filter.ts")).filter(words.join(" "), options)),
  );

program
  .command("hexdump")
  .description("print the bytes of packets")
  .argument("<file>", "capture to read")
  .argument("[filter...]", "only packets that this selects")
  .option("-c, --count <n>", "stop after n packets", count)
  .option("-s, --skip <n>", "leave out the first n packets", count)
  .addOption(color())
  .action((file: string, words: string[], options: ReadOptions) =>
    run(async () => (await import("./hexdump.ts")).dump(file, { ...options, filter: words.join(" ") })),
  );

program
  .command("follow")
  .description("print what TCP streams carry, as tshark's follow does")
  .argument("<file>", "capture to read")
  .argument("[stream...]", "number of a stream, or a filter; all without it")
  .addOption(
    new Option("-f, --format <format>", "how to print bytes").choices(["ascii", "hex", "raw"]).default("ascii"),
  )
  .addOption(new Option("--from <side>", "only what one side sent").choices(["client", "server"]))
  .addOption(color())
  .action((file: string, words: string[], options: FollowCommandOptions) =>
    run(async () => (await import("./follow.ts")).follow(file, words, options)),
  );

program
  .command("flows")
  .description("count packets by flow or pair of addresses, greatest first")
  .argument("<file>", "capture to read")
  .argument("[filter...]", "only packets that this selects")
  .addOption(new Option("-b, --by <what>", "what to count").choices(["flow", "ip", "ethernet"]).default("flow"))
  .addOption(
    new Option("-s, --sort <key>", "what to order by")
      .choices(["bytes", "packets", "duration", "start"])
      .default("bytes"),
  )
  .option("-n, --top <n>", "only the first n rows", positive)
  .option("-j, --json", "one JSON object a line")
  .option("--csv", "as CSV")
  .addOption(color())
  .action((file: string, words: string[], options: FlowsOptions) =>
    run(async () => (await import("./flows.ts")).flows(file, { ...options, filter: words.join(" ") })),
  );

program
  .command("http")
  .description("print HTTP requests with their answers, one a line")
  .argument("<file>", "capture to read")
  .argument("[filter...]", "only packets that this selects")
  .option("-v, --verbose", "the headers too")
  .option("-j, --json", "one JSON object a line")
  .addOption(color())
  .action((file: string, words: string[], options: HTTPCommandOptions) =>
    run(async () => (await import("./http.ts")).http(file, { ...options, filter: words.join(" ") })),
  );

program
  .command("dns")
  .description("print DNS queries with their answers, one a line")
  .argument("<file>", "capture to read")
  .argument("[filter...]", "only packets that this selects")
  .option("-j, --json", "one JSON object a line")
  .addOption(color())
  .action((file: string, words: string[], options: DNSCommandOptions) =>
    run(async () => (await import("./dns.ts")).dns(file, { ...options, filter: words.join(" ") })),
  );

program
  .command("export-objects")
  .description("write the bodies of HTTP messages as files")
  .argument("<file>", "capture to read")
  .argument("<folder>", "where to write; files that are there stay")
  .argument("[filter...]", "only packets that this selects")
  .option("--max-size <bytes>", "longest body that is kept", positive, 64 * 2 ** 20)
  .addOption(color())
  .action((file: string, folder: string, words: string[], options: ExportOptions) =>
    run(async () =>
      (await import("./export-objects.ts")).exportObjects(file, folder, { ...options, filter: words.join(" ") }),
    ),
  );

addLiveCommands(program, run);

/** Errors become one line that says what is wrong; the reader's end of a pipe closing is no error. */
async function run(command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    if (error instanceof OutputClosed || (error as { code?: unknown }).code === "EPIPE") return;
    warn((error as Error).message);
    process.exitCode = 1;
  }
}

await program.parseAsync();
