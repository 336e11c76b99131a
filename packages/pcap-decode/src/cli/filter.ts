import { LinkType } from "../container/interface.ts";
import { MAXIMUM_SNAPLEN } from "../container/reader.ts";
import { CaptureWriter } from "../container/writer.ts";
import { InvalidValueError } from "../errors.ts";
import { resolveFilter } from "../packet-filter.ts";
import { target } from "./convert.ts";
import { type CommonOptions, Session } from "./session.ts";

/** Options of `filter`. */
export interface FilterCommandOptions extends CommonOptions {
  readonly dump?: boolean;
  readonly linkType?: string;
  readonly read?: string;
  readonly write?: string;
}

/** Prints the program of an expression, or writes the packets that it selects, as `tcpdump -d` and `-r … -w …` do. */
export async function filter(expression: string, options: FilterCommandOptions): Promise<number> {
  const session = new Session(options);
  if (options.read === undefined) {
    await session.out.line(String(resolveFilter(expression, linkType(options.linkType))).trimEnd());
    await session.out.flush();
    return 0;
  }
  if (options.dump) throw new InvalidValueError("--dump", "--read", "one of the two");
  const capture = await session.open(options.read, { filter: expression }).open();
  const snaplen = capture.interfaces[0]?.snaplen ?? 0;
  const to = options.write ?? "-";
  if (to === "-" && process.stdout.isTTY)
    throw new InvalidValueError("--write", undefined, "a file or a pipe; a terminal cannot show a capture");
  const writer = await CaptureWriter.open(target(to), {
    format: capture.format === "pcapng" ? "pcapng" : "pcap",
    linkType: capture.interfaces[0]?.linkType ?? LinkType.ETHERNET,
    linkTypeExtension: capture.interfaces[0]?.linkTypeExtension ?? 0,
    snaplen: snaplen === 0 || snaplen > MAXIMUM_SNAPLEN ? MAXIMUM_SNAPLEN : snaplen,
    nanoseconds: capture.interfaces[0]?.ticksPerSecond === 1_000_000_000n,
  });
  await session.each(capture, {}, (packet) => writer.write(packet));
  await writer.close();
  if (to !== "-") process.stderr.write(`${writer.packets} packets written to ${to}\n`);
  return session.exitCode;
}

function linkType(text = "1"): number {
  const named = (LinkType as Readonly<Record<string, number>>)[text.toUpperCase().replace(/^EN10MB$/, "ETHERNET")];
  if (named !== undefined) return named;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidValueError("--link-type", text, `a number or one of ${Object.keys(LinkType).join(", ")}`);
}
