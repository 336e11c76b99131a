/** The conformance suite over every stream that we offer. */
import { once } from "node:events";
import net from "node:net";
import { socketpair } from "@sockeye/socket-core";
import { describe, expect, it } from "vitest";
import { fromDuplex } from "../src/bridges/from-duplex.ts";
import { fromWeb } from "../src/bridges/from-web.ts";
import { toDuplex } from "../src/bridges/to-duplex.ts";
import { toWeb } from "../src/bridges/to-web.ts";
import { Connection } from "../src/connection.ts";
import { checkStream, type MakePair, memoryPair, type StreamPair, streamChecks } from "../src/testing/index.ts";
import { hasOpenssl, makeCertificates } from "./certificates.ts";
import { type Pair, tcpPair, unixPair } from "./pairs.ts";

const certificates = hasOpenssl ? makeCertificates() : undefined;

/** Without openssl there are no certificates, and TLS is not tested. */
async function tlsPair(make: () => Promise<Pair>): Promise<[Connection, Connection]> {
  const { client, server } = await make();
  const { ca, server: identity } = certificates!;
  await Promise.all([client.startTls({ ca, servername: "localhost" }), server.startTls(identity)]);
  return [client, server];
}

/** Two `net.Socket`s that are connected. */
async function nodePair(allowHalfOpen: boolean): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer({ allowHalfOpen }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = net.connect({ port: (server.address() as net.AddressInfo).port, allowHalfOpen });
  const [accepted] = (await once(server, "connection")) as [net.Socket];
  server.close();
  return [client, accepted];
}

async function fromNode(allowHalfOpen: boolean): Promise<StreamPair> {
  const [a, b] = await nodePair(allowHalfOpen);
  return [fromDuplex(a), fromDuplex(b)];
}

function pairOfSockets(): [Connection, Connection] {
  const [a, b] = socketpair();
  return [new Connection(a, { path: "" }, {}), new Connection(b, { path: "" }, {})];
}

const kinds: [string, MakePair][] = [
  ["TCP", async () => tcpPair().then(({ client, server }) => [client, server] as const)],
  ["Unix", async () => unixPair().then(({ client, server }) => [client, server] as const)],
  ["socketpair", pairOfSockets],
  ...(certificates === undefined
    ? []
    : ([
        ["TLS", () => tlsPair(tcpPair)],
        ["TLS on Unix", () => tlsPair(unixPair)],
      ] satisfies [string, MakePair][])),
  ["memoryPair", () => memoryPair()],
  ["memoryPair with little room", () => memoryPair({ capacity: 61 })],
  ["fromDuplex of net.Socket", () => fromNode(true)],
  [
    "fromDuplex of toDuplex",
    () => {
      const [a, b] = memoryPair();
      return [fromDuplex(toDuplex(a)), fromDuplex(toDuplex(b))];
    },
  ],
  [
    "fromWeb of toWeb",
    () => {
      const [a, b] = pairOfSockets();
      return [fromWeb(toWeb(a)), fromWeb(toWeb(b))];
    },
  ],
];

describe.each(kinds)("a stream over %s", (_kind, makePair) => {
  it.each(streamChecks().map((check) => [check.name, check] as const))("%s", async (_name, { run }) => {
    await run(makePair);
  });
});

describe("a stream over net.Socket without half-close", () => {
  const checks = streamChecks({ halfClose: false });
  it.each(checks.map((check) => [check.name, check] as const))("%s", async (_name, { run }) => {
    await run(() => fromNode(false));
  });
});

describe("checkStream", () => {
  it("counts what it has checked", async () => {
    expect(await checkStream(() => memoryPair())).toBe(streamChecks().length);
    expect(await checkStream(() => memoryPair(), { halfClose: false })).toBeLessThan(streamChecks().length);
  });

  it("notices what is wrong, and what hangs", async () => {
    const deaf: MakePair = () => {
      const [a] = memoryPair();
      const [b] = memoryPair();
      return [a, b];
    };
    await expect(checkStream(deaf, { timeout: 20 })).rejects.toThrow("what is written is read: not done within 20 ms");
    await expect(checkStream(5 as never)).rejects.toThrow("makePair must be a function, got 5");
    expect(() => memoryPair({ capacity: 0 })).toThrow("capacity must be an integer from 1 to 2147483647, got 0");
  });
});
