import { LinkType } from "../container/interface.ts";
import { MAXIMUM_SNAPLEN } from "../container/reader.ts";
import { CaptureWriter } from "../container/writer.ts";
import { target } from "./convert.ts";
import { type CommonOptions, Session } from "./session.ts";

/** Writes the packets that `expression` selects, of any capture: what `filterFile` cannot take. */
export async function filterPackets(
  from: string,
  to: string,
  expression: string,
  options: CommonOptions,
): Promise<number> {
  const session = new Session(options);
  const capture = await session.open(from, { filter: expression }).open();
  const snaplen = capture.interfaces[0]?.snaplen ?? 0;
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
