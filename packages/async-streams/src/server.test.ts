import { on } from "node:events";
import { existsSync, rmSync } from "node:fs";
import type { Address, BindAddress, InetAddress } from "@sockeye/socket-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { failureOf, fill, readToEnd, stateOf, temporaryPath, turn } from "../test/pairs.ts";
import { openConnection } from "./connect.ts";
import type { Connection } from "./connection.ts";
import { type Handler, type HandlerContext, type Server, type StartOptions, startServer } from "./server.ts";

const local: BindAddress = { address: "127.0.0.1", port: 0 };

async function start(handler: Handler, options: StartOptions = {}, address = local): Promise<Server> {
  const server = await startServer(address, options, handler);
  onTestFinished(() => server.close());
  return server;
}

async function connect(server: Server): Promise<Connection> {
  const connection = await openConnection(server.address);
  onTestFinished(() => connection.abort());
  return connection;
}

const echo: Handler = async ({ reader, writer }) => {
  for await (const line of reader) await writer.write(`${line}\n`);
};

async function ask(connection: Connection, question: string): Promise<string | null> {
  await connection.writer.write(`${question}\n`);
  return connection.reader.readLine();
}

/** A handler for each connection of which a promise decides when it ends. */
function gated(): { handler: Handler; open: () => void; running: () => number } {
  let open!: () => void;
  let running = 0;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const handler: Handler = async ({ writer }) => {
    running++;
    await writer.write("hello\n");
    await gate;
    running--;
  };
  return { handler, open, running: () => running };
}

/** Resolves when the process is warned of this. */
async function warning(message: string): Promise<void> {
  for await (const [given] of on(process, "warning")) if (given.message === message) return;
}

const waiting: Handler = async ({ reader }) => {
  await reader.read();
};

describe("startServer", () => {
  it("serves many connections at once", async () => {
    const server = await start(echo);
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect(server)));
    const answers = await Promise.all(clients.map((client, i) => ask(client, `line ${i}`)));
    expect(answers).toEqual(clients.map((_, i) => `line ${i}`));
    expect(server.connections).toBe(50);
    await Promise.all(clients.map((client) => client.close()));
    await server.close();
    expect(server.connections).toBe(0);
  });

  it("takes the handler without options, and any address", async () => {
    const path = temporaryPath();
    const addresses: BindAddress[] = [
      { port: 0 },
      { address: "localhost", port: 0 },
      { address: "::1", port: 0 },
      { path },
    ];
    for (const address of addresses) {
      const server = await startServer(address, echo);
      const target: Address = "path" in address ? address : { ...(server.address as InetAddress) };
      if ("address" in target && target.address === "0.0.0.0") target.address = "127.0.0.1";
      const client = await openConnection(target);
      expect(await ask(client, "hello")).toBe("hello");
      if ("path" in address) expect(client.remoteAddress).toEqual({ path });
      await client.close();
      await server.close();
    }
  });

  it("takes the file of a Unix path along, and a path that was closed can be served again", async () => {
    const path = temporaryPath();
    for (let i = 0; i < 2; i++) {
      const server = await startServer({ path }, echo);
      expect(await failureOf(startServer({ path }, echo))).toMatchObject({ code: "EADDRINUSE" });
      expect(existsSync(path)).toBe(true);
      await server.close();
      expect(existsSync(path)).toBe(false);
    }
    const replaced = await startServer({ path }, echo);
    rmSync(path);
    const other = await start(echo, {}, { path });
    await replaced.close();
    expect(await ask(await connect(other), "still there")).toBe("still there");
    if (process.platform !== "linux") return;
    const abstract = await start(echo, {}, { path: `\0${path}` });
    expect(await ask(await connect(abstract), "abstract")).toBe("abstract");
  });

  it("sends what a handler wrote before it returned, and ends the connection", async () => {
    const server = await start(({ writer }) => {
      void writer.write("not awaited ");
      void writer.write(Buffer.alloc(1_000_000, "x"));
    });
    const client = await connect(server);
    expect((await readToEnd(client)).length).toBe(1_000_012);
    await client.close();
  });

  it("leaves connections beyond `maxConnections` in the queue until one ends", async () => {
    const { handler, open, running } = gated();
    const server = await start(handler, { maxConnections: 2 });
    const clients = await Promise.all([connect(server), connect(server), connect(server)]);
    const greetings = clients.map((client) => client.reader.readLine());
    expect(await greetings[0]).toBe("hello");
    expect(await greetings[1]).toBe("hello");
    await turn();
    expect(await stateOf(greetings[2]!)).toBe("pending");
    expect([server.connections, running()]).toEqual([2, 2]);
    open();
    await Promise.all([clients[0]!.close(), clients[1]!.close()]);
    expect(await greetings[2]).toBe("hello");
  });

  it.each<[string, Handler]>([
    [
      "throws",
      () => {
        throw new Error("handler");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("handler");
      },
    ],
  ])("reports a handler that %s, resets its connection, and serves the others", async (_how, fail) => {
    const errors: [unknown, Connection | undefined][] = [];
    let served: Connection | undefined;
    const server = await start(
      async (connection, context) => {
        if ((await connection.reader.readLine()) !== "fail") return echo(connection, context);
        served = connection;
        return fail(connection, context);
      },
      { onError: (error, connection) => errors.push([error, connection]) },
    );
    const [bad, good] = await Promise.all([connect(server), connect(server)]);
    await good.writer.write("echo\n");
    expect(await ask(good, "one")).toBe("one");
    await bad.writer.write("fail\n");
    expect(await failureOf(bad.reader.read())).toMatchObject({ code: "ECONNRESET" });
    expect(await ask(good, "two")).toBe("two");
    expect(errors).toEqual([[expect.objectContaining({ message: "handler" }), served]]);
  });

  it("reports with its connection what could not be sent after the handler", async () => {
    let resolve: (heard: [unknown, Connection | undefined]) => void;
    const heard = new Promise<[unknown, Connection | undefined]>((done) => {
      resolve = done;
    });
    let served: Connection | undefined;
    const server = await start(
      async (connection) => {
        served = connection;
        expect(await failureOf(connection.reader.read())).toMatchObject({ code: "ECONNRESET" });
        void connection.writer.write("to nobody");
      },
      { onError: (error, connection) => resolve([error, connection]) },
    );
    (await connect(server)).abort();
    const [error, connection] = await heard;
    expect(error).toMatchObject({ code: "EPIPE" });
    expect(connection).toBe(served);
  });

  it("warns of what a handler threw when nobody listens", async () => {
    const server = await start(async ({ reader }) => {
      throw new Error(String(await reader.readLine()));
    });
    const client = await connect(server);
    const warned = warning("nobody listens");
    await client.writer.write("nobody listens\n");
    await warned;
  });

  it("survives an `onError` that throws itself", async () => {
    const warned = warning("onError");
    const server = await start(
      async ({ reader }) => {
        throw new Error(String(await reader.readLine()));
      },
      {
        onError: () => {
          throw new Error("onError");
        },
      },
    );
    const client = await connect(server);
    await client.writer.write("x\n");
    await warned;
    await connect(server);
  });

  it("gives the handler a signal and nothing else", async () => {
    let context: HandlerContext | undefined;
    const server = await start((_connection, given) => {
      context = given;
    });
    await (await connect(server)).close();
    expect(context?.signal).toBeInstanceOf(AbortSignal);
    expect(context?.signal).toBe(context?.signal);
    expect(Object.keys(context ?? {})).toEqual([]);
  });

  it("lets handlers finish within the grace of close", async () => {
    const { handler, open } = gated();
    const server = await start(handler);
    const client = await connect(server);
    expect(await client.reader.readLine()).toBe("hello");
    const closing = server.close({ grace: 60_000 });
    expect(await failureOf(openConnection(server.address))).toMatchObject({ code: "ECONNREFUSED" });
    expect(await stateOf(closing)).toBe("pending");
    open();
    expect(await client.reader.read()).toBeNull();
    await client.close();
    await closing;
    await server.closed;
  });

  it.each([{}, { grace: 20 }])("aborts the connections that are left after %o", async (options) => {
    let reason: unknown;
    let ended: Promise<void> | undefined;
    const server = await start(async (connection, { signal }) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
      });
      ended = connection.closed;
      await waiting(connection, { signal });
    });
    const client = await connect(server);
    await client.writer.write("");
    while (ended === undefined) await turn();
    await server.close(options);
    expect(reason).toBeInstanceOf(Error);
    await ended;
    expect(await failureOf(client.reader.read())).toMatchObject({ code: "ECONNRESET" });
    expect(server.connections).toBe(0);
  });

  it("does not wait for a handler that goes on without its connection", async () => {
    let seen: Connection | undefined;
    const server = await start((connection) => {
      seen = connection;
      return new Promise(() => {});
    });
    await connect(server);
    while (seen === undefined) await turn();
    await server.close();
    await seen.closed;
  });

  it("does not wait for a peer that does not end, once it is closed", async () => {
    const server = await start(() => {});
    const client = await connect(server);
    expect(await client.reader.read()).toBeNull();
    await server.close();
  });

  it("does not wait for a peer that does not read, once it is closed", async () => {
    let written = 0;
    const server = await start(async (connection) => {
      written = await fill(connection);
    });
    await connect(server);
    while (written === 0) await turn();
    await server.close();
  });

  it("aborts its connections and goes on", async () => {
    const server = await start(waiting);
    const client = await connect(server);
    while (server.connections === 0) await turn();
    server.abortConnections();
    expect(await failureOf(client.reader.read())).toMatchObject({ code: "ECONNRESET" });
    await connect(server);
  });

  it("closes with its signal, also one that has fired", async () => {
    const controller = new AbortController();
    const server = await start(waiting, { signal: controller.signal });
    const client = await connect(server);
    while (server.connections === 0) await turn();
    controller.abort();
    await server.closed;
    expect(await failureOf(client.reader.read())).toMatchObject({ code: "ECONNRESET" });
    const late = await start(waiting, { signal: controller.signal });
    await late.closed;
  });

  it("shares its limit with its connections", async () => {
    let error: unknown;
    const server = await start(
      async ({ reader }) => {
        error = await failureOf(reader.readLine());
      },
      { limit: 10 },
    );
    const client = await connect(server);
    await client.writer.write("x".repeat(11));
    await readToEnd(client);
    expect(error).toMatchObject({ name: "LimitError", limit: 10 });
  });

  it("closes at the end of `await using`", async () => {
    let address: Address;
    {
      await using server = await startServer(local, echo);
      address = server.address;
    }
    expect(await failureOf(openConnection(address))).toMatchObject({ code: "ECONNREFUSED" });
  });

  it("fails when somebody else has the port", async () => {
    const server = await start(echo);
    const { port } = server.address as InetAddress;
    expect(await failureOf(startServer({ address: "127.0.0.1", port }, echo))).toMatchObject({
      code: "EADDRINUSE",
      port,
    });
    await start(echo, { reusePort: true }).then((one) => start(echo, { reusePort: true }, one.address as InetAddress));
  });

  it.each<[string, unknown[], string]>([
    ["no handler", [local], "handler must be a function, got undefined"],
    ["no address", [undefined, echo], "address must be { port } or { path }, got undefined"],
    [
      "a host, which would be overlooked",
      [{ host: "127.0.0.1", port: 0 }, echo],
      "address must be { address, port }, as names are not looked up, got",
    ],
    ["a bad port", [{ port: 65_536 }, echo], "port must be an integer from 0 to 65535, got 65536"],
    ["options that are none", [local, null, echo], "options must be an object, got null"],
    ["a bad limit", [local, { limit: 0 }, echo], "limit must be an integer from 1 to 2147483647, got 0"],
    ["a bad maxConnections", [local, { maxConnections: 0 }, echo], "maxConnections must be an integer from 1"],
    ["a bad backlog", [local, { backlog: -1 }, echo], "backlog must be an integer from 0 to"],
    ["a bad onError", [local, { onError: 1 }, echo], "onError must be a function, got 1"],
    ["a bad signal", [local, { signal: 1 }, echo], "signal must be an AbortSignal, got 1"],
  ])("refuses %s", async (_name, args, message) => {
    const error = await failureOf((startServer as (...args: unknown[]) => Promise<Server>)(...args));
    expect(error.message).toContain(message);
    expect(error.code).toBe("ERR_INVALID_ARG");
  });
});
