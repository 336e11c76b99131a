/** The same behaviour whatever carries the stream. */
import { afterEach, describe, it } from "vitest";
import { AF_UNIX, SOCK_STREAM, type Socket, socketpair } from "../src/index.ts";
import { closeAll, families, streamPair, track } from "./pairs.ts";
import { type MakeStreams, streamChecks } from "./stream-check.ts";

afterEach(closeAll);

const pairs: { name: string; make: MakeStreams }[] = [
  ...families.map((family) => ({
    name: family.name === "Unix" ? "Unix" : `TCP over ${family.name}`,
    make: () => streamPair(family),
  })),
  {
    name: "socketpair",
    make: async () => socketpair(AF_UNIX, SOCK_STREAM).map((socket) => track(socket)) as [Socket, Socket],
  },
];

describe.each(pairs.map((pair) => [pair.name, pair.make] as const))("a stream over %s", (_name, make) => {
  it.each(streamChecks.map((check) => [check.name, check] as const))("%s", (_check, { run }) => run(make));
});
