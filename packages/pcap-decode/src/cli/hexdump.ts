import { hexdump } from "../format/hexdump.ts";
import { type CommonOptions, type SelectOptions, Session } from "./session.ts";

/** Prints the bytes of packets under their summaries. */
export async function dump(path: string, options: CommonOptions & SelectOptions): Promise<number> {
  const session = new Session(options);
  await session.each(
    session.open(path, options),
    options,
    (packet, number) =>
      session.out.line(`${session.paint.bold(`#${number} ${packet.summary()}`)}\n${hexdump(packet.bytes)}\n`),
    { quiet: process.stdout.isTTY === true },
  );
  await session.out.flush();
  return session.exitCode;
}
