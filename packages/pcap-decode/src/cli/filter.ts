import { open, stat } from "node:fs/promises";
import { LinkType } from "../container/interface.ts";
import { InvalidValueError } from "../errors.ts";
import { findLinkType } from "../filter/link-type.ts";
import { checkFilter, resolveFilter } from "../packet-filter.ts";
import { type FilterTarget, filterFile } from "./filter-file.ts";
import { INTERRUPTED, Interrupt } from "./interrupt.ts";
import { Output, warn } from "./output.ts";
import type { CommonOptions } from "./session.ts";

/** Options of `filter`. */
export interface FilterCommandOptions extends CommonOptions {
  readonly dump?: boolean;
  readonly linkType?: string;
  readonly read?: string;
  readonly write?: string;
}

/** Prints the program of an expression, or writes the packets that it selects, as `tcpdump -d` and `-r … -w …` do. */
export async function filter(expression: string, options: FilterCommandOptions): Promise<number> {
  const { read, write: to = "-" } = options;
  if (read === undefined) {
    const out = new Output();
    await out.line(String(resolveFilter(expression, linkType(options.linkType))).trimEnd());
    await out.flush();
    return 0;
  }
  if (options.dump) throw new InvalidValueError("--dump", "--read", "one of the two");
  if (to === "-" && process.stdout.isTTY)
    throw new InvalidValueError("--write", undefined, "a file or a pipe; a terminal cannot show a capture");
  checkFilter(expression);
  const interrupt = new Interrupt();
  const opened = async (): Promise<FilterTarget> => (to === "-" ? standardOutput() : open(to, "w"));
  // What is not a file cannot be opened a second time when it turns out to be of another kind.
  const isFile = read !== "-" && (await stat(read)).isFile();
  const filtered = isFile ? await filterFile(read, expression, opened, interrupt) : undefined;
  if (filtered === undefined) return (await import("./filter-packets.ts")).filterPackets(read, to, expression, options);
  if (filtered.problem !== undefined) warn(filtered.problem.message);
  if (to !== "-") process.stderr.write(`${filtered.packets} packets written to ${to}\n`);
  if (interrupt.interrupted) return INTERRUPTED;
  return filtered.problem === undefined ? 0 : 1;
}

function standardOutput(): FilterTarget {
  // The write that meets the closed pipe rejects.
  process.stdout.on("error", () => {});
  return {
    write: (bytes, at) =>
      new Promise((resolve, reject) => {
        const done = (error?: Error | null) => (error ? reject(error) : resolve({ bytesWritten: bytes.length - at }));
        process.stdout.write(bytes.subarray(at), done);
      }),
    close: async () => {},
  };
}

function linkType(text = "1"): number {
  const found = findLinkType(/^\d{1,5}$/.test(text) ? Number(text) : text);
  if (found !== undefined) return typeof found === "number" ? found : LinkType[found];
  throw new InvalidValueError("--link-type", text, `a number or one of ${Object.keys(LinkType).join(", ")}`);
}
