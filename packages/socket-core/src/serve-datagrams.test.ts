import { getEventListeners, once } from "node:events";
import { afterEach, describe, expect, it, test } from "vitest";
import { closeAll, datagramPair, type Family, families, freshPath, IPv4, track } from "../test/pairs.ts";
import { AF_INET, AF_UNIX, SOCK_DGRAM } from "./constants.ts";
import { ClosedError } from "./errors.ts";
import {
  type DatagramServer,
  type ServeDatagramsOptions,
  type ServedDatagram,
  serveDatagrams,
} from "./serve-datagrams.ts";
import { Socket } from "./socket.ts";

const servers: DatagramServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  closeAll();
});

function bound(family: Family = IPv4): Socket {
  const socket = track(new Socket(family.family, SOCK_DGRAM));
  socket.bind(family.fresh());
  return socket;
}

function start(
  handler: (datagram: ServedDatagram) => unknown,
  options: ServeDatagramsOptions = {},
  socket = bound(),
): DatagramServer {
  const server = serveDatagrams(socket, handler, options);
  servers.push(server);
  return server;
}

const echo = ({ data, reply }: ServedDatagram): Promise<number> => reply(data);
const received = async (socket: Socket): Promise<string> => String((await socket.recvfrom()).data);

describe.each(families)("serveDatagrams over $name", (family) => {
  it("runs a handler for each datagram, which replies to its sender", async () => {
    const server = start(
      async ({ data, address, socket, reply }) => {
        expect(socket.getsockname()).toEqual(server.address);
        await reply(`${String(data)} from ${JSON.stringify(address)}`);
      },
      { onError: (error) => expect.unreachable(String(error)) },
      bound(family),
    );
    const clients = Array.from({ length: 5 }, () => bound(family));
    const answers = clients.map(async (client, i) => {
      await client.sendto(i === 0 ? "" : `hello ${i}`, server.address);
      return received(client);
    });
    const expected = clients.map(
      (client, i) => `${i === 0 ? "" : `hello ${i}`} from ${JSON.stringify(client.getsockname())}`,
    );
    expect(await Promise.all(answers)).toEqual(expected);
  });
});

it("a sender without a name cannot be replied to, and that is told", async () => {
  const errors: unknown[] = [];
  const socket = track(new Socket(AF_UNIX, SOCK_DGRAM));
  socket.bind({ path: freshPath() });
  const server = start(echo, { onError: (error) => errors.push(error) }, socket);
  const client = track(new Socket(AF_UNIX, SOCK_DGRAM));
  await client.sendto("who am I", server.address);
  await expect.poll(() => errors).toMatchObject([{ code: "ERR_INVALID_ARG" }]);
});

it("maxLength cuts what is longer", async () => {
  const server = start(echo, { maxLength: 4 });
  const client = bound();
  await client.sendto("abcdefgh", server.address);
  expect(await received(client)).toBe("abcd");
});

it("maxHandlers leaves the rest in the kernel, and takes them one by one", async () => {
  const releases: (() => void)[] = [];
  let most = 0;
  const server = start(
    async ({ data, reply }) => {
      most = Math.max(most, server.handlers);
      await new Promise<void>((resolve) => releases.push(resolve));
      await reply(data);
    },
    { maxHandlers: 2 },
  );
  const client = bound();
  for (const text of ["a", "b", "c", "d", "e"]) await client.sendto(text, server.address);
  const answers: string[] = [];
  for (let done = 0; done < 5; done++) {
    await expect.poll(() => releases.length).toBe(Math.min(5, done + 2));
    expect(server.handlers).toBe(Math.min(2, 5 - done));
    releases[done]!();
    answers.push(await received(client));
  }
  expect([answers, most]).toEqual([["a", "b", "c", "d", "e"], 2]);
});

it("verify drops datagrams before their handler, by false or by an error", async () => {
  const errors: unknown[] = [];
  const server = start(echo, {
    async verify({ data }) {
      if (String(data) === "bad") throw new Error("verify failed");
      return String(data) !== "no";
    },
    onError: (error) => errors.push(error),
  });
  const client = bound();
  for (const text of ["no", "bad", "yes"]) await client.sendto(text, server.address);
  expect([await received(client), errors]).toEqual(["yes", [new Error("verify failed")]]);
});

describe("a handler that fails", () => {
  it("loses its own datagram and nothing else", async () => {
    const failures: [unknown, ServedDatagram | undefined][] = [];
    const server = start(
      ({ data, reply }) => {
        if (String(data) === "fail") throw new Error("handler failed");
        return reply(data);
      },
      { onError: (error, datagram) => failures.push([error, datagram]) },
    );
    const client = bound();
    await client.sendto("fail", server.address);
    await client.sendto("well", server.address);
    expect(await received(client)).toBe("well");
    expect(failures).toEqual([[new Error("handler failed"), expect.objectContaining({ data: Buffer.from("fail") })]]);
  });

  it("is heard of by default as a warning", async () => {
    const warned = once(process, "warning");
    const server = start(async () => {
      throw new Error("later");
    });
    await bound().sendto("x", server.address);
    expect(String((await warned)[0])).toBe("Error: later");
  });
});

it("an ICMP error is told, and the server goes on", async () => {
  const errors: unknown[] = [];
  const [socket, peer, at, peerAt] = datagramPair();
  await socket.connect(peerAt);
  const server = start(({ data }) => socket.send(data), { onError: (error) => errors.push(error) }, socket);
  peer.close();
  await socket.send("into the void");
  await expect.poll(() => errors).toMatchObject([{ code: "ECONNREFUSED" }]);
  const again = track(new Socket(AF_INET, SOCK_DGRAM));
  again.bind(peerAt);
  await again.sendto("still there?", at);
  expect(await received(again)).toBe("still there?");
  expect(server.handlers).toBe(0);
});

describe("close", () => {
  it("with grace lets handlers reply, and receives nothing more", async () => {
    let release: () => void = () => {};
    const handled: string[] = [];
    const server = start(async ({ data, reply }) => {
      handled.push(String(data));
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await reply("in time");
    });
    const client = bound();
    await client.sendto("one", server.address);
    await expect.poll(() => handled).toEqual(["one"]);
    const closing = server.close({ grace: 20_000 });
    await client.sendto("two", server.address);
    release();
    expect(await received(client)).toBe("in time");
    await closing;
    expect(handled).toEqual(["one"]);
    await server.close();
  });

  it("gives up on what is left after the grace", async () => {
    const errors: unknown[] = [];
    const socket = bound();
    const server = start(
      async ({ signal, reply }) => {
        await once(signal, "abort");
        await reply("too late");
      },
      { onError: (error) => errors.push(error) },
      socket,
    );
    await bound().sendto("x", server.address);
    await expect.poll(() => server.handlers).toBe(1);
    await server.close({ grace: 20 });
    expect([errors, socket.closed, server.handlers]).toEqual([[], true, 0]);
  });

  it("does not wait for a handler that goes on after that", async () => {
    const server = start(() => new Promise(() => {}));
    await bound().sendto("hello", server.address);
    await expect.poll(() => server.handlers).toBe(1);
    await server.close();
    await server.closed;
  });

  it("checks its argument", async () => {
    const server = start(echo);
    await expect(server.close({ grace: 1.5 })).rejects.toThrow(/grace must be/);
    await server[Symbol.asyncDispose]();
  });
});

it("signal closes the server and is let go of", async () => {
  const controller = new AbortController();
  const server = start(echo, { signal: controller.signal });
  controller.abort();
  await server.closed;
  const { signal } = new AbortController();
  await start(echo, { signal }).close();
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  await start(echo, { signal: AbortSignal.abort() }).closed;
});

it("the socket closed by its owner ends the server", async () => {
  const socket = bound();
  const server = serveDatagrams(socket, echo);
  socket.close();
  await server.closed;
  await expect(socket.recvfrom()).rejects.toThrow(ClosedError);
});

test.each<[unknown[], string]>([
  [[{}, echo], "socket must be a bound Socket"],
  [["STREAM", echo], "socket must be of SOCK_DGRAM; for connections there is serve"],
  [["UNBOUND", echo], "socket must be bound to a port"],
  [["BOUND", undefined], "handler must be a function, got undefined"],
  [["BOUND", echo, 5], "options must be an object, got 5"],
  [["BOUND", echo, { maxLength: 65_537 }], "maxLength must be an integer from 1 to 65536, got 65537"],
  [["BOUND", echo, { maxHandlers: 0 }], "maxHandlers must be an integer from 1 to 2147483647, got 0"],
  [["BOUND", echo, { verify: true }], "verify must be a function, got true"],
  [["BOUND", echo, { onError: "log" }], "onError must be a function, got 'log'"],
  [["BOUND", echo, { signal: {} }], "signal must be an AbortSignal"],
])("refuses %j", (args, message) => {
  const sockets: Record<string, () => Socket> = {
    STREAM: () => track(new Socket()),
    UNBOUND: () => track(new Socket(AF_INET, SOCK_DGRAM)),
    BOUND: () => bound(),
  };
  const all = args.map((arg) => sockets[String(arg)]?.() ?? arg);
  expect(() => Reflect.apply(serveDatagrams, undefined, all)).toThrow(message);
  expect(() => Reflect.apply(serveDatagrams, undefined, all)).toThrow(
    expect.objectContaining({ code: "ERR_INVALID_ARG" }),
  );
});
