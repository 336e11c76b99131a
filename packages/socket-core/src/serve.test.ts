import { getEventListeners, once } from "node:events";
import { afterEach, describe, expect, it, test } from "vitest";
import { closeAll, families, freshPath, listening, receiveAll, receiveExactly, track, turn } from "../test/pairs.ts";
import { capabilities } from "./capabilities.ts";
import { createConnection } from "./connection.ts";
import { AF_INET, AF_UNIX, SHUT_WR, SOCK_DGRAM, SOCK_SEQPACKET } from "./constants.ts";
import { ClosedError } from "./errors.ts";
import { type ServedConnection, type ServeOptions, type Server, serve } from "./serve.ts";
import { Socket } from "./socket.ts";

const servers: Server[] = [];
afterEach(async () => {
  closeAll();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

function start(handler: (connection: ServedConnection) => unknown, options: ServeOptions = {}): Server {
  const server = serve(listening(), handler, options);
  servers.push(server);
  return server;
}

async function dial(server: Server): Promise<Socket> {
  return track(await createConnection(server.address));
}

async function echo({ socket }: ServedConnection): Promise<void> {
  for await (const chunk of socket.chunks()) await socket.sendAll(chunk);
}

describe.each(families)("serve over $name", (family) => {
  it("runs a handler for each connection and ends it in order", async () => {
    const peers: unknown[] = [];
    const server = serve(listening(family), (connection) => {
      peers.push(connection.address);
      return echo(connection);
    });
    servers.push(server);
    const clients = await Promise.all(Array.from({ length: 20 }, () => dial(server)));
    const answers = clients.map(async (client, i) => {
      await client.sendAll(`hello ${i}`);
      client.shutdown(SHUT_WR);
      return String(await receiveAll(client));
    });
    expect(await Promise.all(answers)).toEqual(clients.map((_, i) => `hello ${i}`));
    expect(peers).toHaveLength(20);
    if ("port" in server.address) expect(peers).toContainEqual(clients[7]?.getsockname());
  });
});

it.runIf(capabilities.sequencedPackets)("serves connections of sequenced packets, message by message", async () => {
  const listener = track(new Socket(AF_UNIX, SOCK_SEQPACKET));
  listener.bind({ path: freshPath() });
  listener.listen();
  servers.push(
    serve(listener, async ({ socket }) => {
      for (let data = await socket.recv(); data?.length; data = await socket.recv()) await socket.send(data);
    }),
  );
  const client = track(new Socket(AF_UNIX, SOCK_SEQPACKET));
  await client.connect(listener.getsockname());
  await client.send("one");
  await client.send("two");
  expect([String(await client.recv()), String(await client.recv())]).toEqual(["one", "two"]);
});

describe("maxConnections", () => {
  it("leaves the rest in the kernel's queue, and takes them one by one", async () => {
    const served: ServedConnection[] = [];
    const releases: (() => void)[] = [];
    const server = start(
      (connection) => {
        served.push(connection);
        return new Promise<void>((resolve) => releases.push(resolve));
      },
      { maxConnections: 2 },
    );
    const clients = await Promise.all([dial(server), dial(server), dial(server), dial(server)]);
    await expect.poll(() => served).toHaveLength(2);
    await turn();
    await turn();
    expect([served.length, server.connections]).toEqual([2, 2]);
    for (let done = 0; done < 4; done++) {
      await expect.poll(() => served.length).toBe(Math.min(4, 2 + done));
      expect(server.connections).toBeLessThanOrEqual(2);
      releases[done]?.();
      const { port } = served[done]!.address as { port: number };
      clients.find((client) => (client.getsockname() as { port: number }).port === port)?.shutdown(SHUT_WR);
    }
    await expect.poll(() => server.connections).toBe(0);
  });
});

describe("verify", () => {
  it("turns connections away before their handler, by false or by an error", async () => {
    const errors: unknown[] = [];
    let count = 0;
    let handled = 0;
    const server = start(
      ({ socket }) => {
        handled++;
        return socket.sendAll("welcome");
      },
      {
        async verify() {
          count++;
          if (count === 2) throw new Error("verify failed");
          return count !== 1;
        },
        onError: (error) => errors.push(error),
      },
    );
    const outcomes: string[] = [];
    for (let i = 0; i < 3; i++) outcomes.push(String(await receiveAll(await dial(server))));
    expect(outcomes).toEqual(["", "", "welcome"]);
    expect([handled, errors]).toEqual([1, [new Error("verify failed")]]);
  });

  it("that is aborted meanwhile keeps the handler from running", async () => {
    let decide: (welcome: boolean) => void = () => {};
    let handled = false;
    const server = start(
      () => {
        handled = true;
      },
      {
        verify: () =>
          new Promise<boolean>((resolve) => {
            decide = resolve;
          }),
      },
    );
    await dial(server);
    await expect.poll(() => server.connections).toBe(1);
    server.abortConnections();
    decide(true);
    await expect.poll(() => server.connections).toBe(0);
    expect(handled).toBe(false);
  });
});

describe("a handler that fails", () => {
  it("loses its own connection and nothing else", async () => {
    const failures: [unknown, ServedConnection | undefined][] = [];
    let count = 0;
    const server = start(
      async (connection) => {
        if (count++ === 0) throw new Error("handler failed");
        await echo(connection);
      },
      {
        onError(error, connection) {
          failures.push([error, connection]);
          throw new Error("onError failed, too");
        },
      },
    );
    const warned = once(process, "warning");
    const failing = await dial(server);
    expect(await failing.recv()).toBe(null);
    const other = await dial(server);
    await other.sendAll("well");
    expect(String(await receiveExactly(other, 4))).toBe("well");
    expect(failures).toEqual([[new Error("handler failed"), expect.objectContaining({ signal: expect.anything() })]]);
    expect(String((await warned)[0])).toBe("Error: onError failed, too");
  });

  it("is reported to an onError that fails later, which is a warning too", async () => {
    const onError = async (): Promise<void> => {
      throw new Error("onError failed later");
    };
    const server = start(
      () => {
        throw new Error("handler failed");
      },
      { onError },
    );
    const warned = once(process, "warning");
    expect(await (await dial(server)).recv()).toBe(null);
    expect(String((await warned)[0])).toBe("Error: onError failed later");
  });

  it("synchronously, is heard of as well, by default as a warning", async () => {
    const server = start(() => {
      throw new Error("at once");
    });
    const warned = once(process, "warning");
    expect(await (await dial(server)).recv()).toBe(null);
    expect(String((await warned)[0])).toBe("Error: at once");
  });
});

describe("close", () => {
  it("with grace lets handlers finish", async () => {
    const server = start(echo);
    const client = await dial(server);
    await client.sendAll("a");
    await client.recv();
    const closing = server.close({ grace: 20_000 });
    await expect(createConnection(server.address)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await client.sendAll("b");
    expect(String(await client.recv())).toBe("b");
    client.close();
    await closing;
    await server.closed;
    expect(server.connections).toBe(0);
    await server.close();
  });

  it("aborts what is left after the grace", async () => {
    const signals: AbortSignal[] = [];
    const errors: unknown[] = [];
    const server = start(
      (connection) => {
        signals.push(connection.signal);
        return echo(connection);
      },
      { onError: (error) => errors.push(error) },
    );
    const client = await dial(server);
    await client.sendAll("a");
    await client.recv();
    await server.close({ grace: 20 });
    expect([signals[0]?.aborted, errors]).toEqual([true, []]);
    expect(signals[0]?.reason).toMatchObject({ code: "ABORT_ERR" });
    expect(await client.recv().catch(() => null)).toBe(null);
  });

  it("does not wait for a handler that goes on without its connection", async () => {
    const signals: AbortSignal[] = [];
    const server = start((connection) => {
      signals.push(connection.signal);
      return new Promise(() => {});
    });
    await dial(server);
    await expect.poll(() => signals.length).toBe(1);
    await server.close({ grace: 20 });
    expect([signals[0]?.aborted, server.connections]).toEqual([true, 0]);
  });

  it("waits for what a handler that notices does in its turn", async () => {
    let ended = false;
    const server = start(async (connection) => {
      await echo(connection).catch(() => {});
      ended = true;
    });
    const client = await dial(server);
    await client.sendAll("a");
    await client.recv();
    await server.close();
    expect(ended).toBe(true);
  });

  it("in the turn of an accept serves nobody", async () => {
    let handled = 0;
    const server = start(() => {
      handled++;
    });
    const connecting = createConnection(server.address).then(track);
    const closing = server.close();
    await connecting.catch(() => {});
    await closing;
    expect(handled).toBe(0);
  });

  it("checks its argument", async () => {
    const server = start(echo);
    await expect(server.close({ grace: -1 })).rejects.toThrow(/grace must be/);
    expect(server.connections).toBe(0);
    await server[Symbol.asyncDispose]();
  });
});

it("abortConnections ends the handlers; the server goes on", async () => {
  const reasons: unknown[] = [];
  const server = start(async (connection) => {
    connection.signal.addEventListener("abort", () => reasons.push(connection.signal.reason));
    await echo(connection);
  });
  const first = await dial(server);
  await first.sendAll("a");
  await first.recv();
  server.abortConnections("maintenance");
  expect(await first.recv().catch(() => null)).toBe(null);
  const second = await dial(server);
  await second.sendAll("b");
  expect(String(await second.recv())).toBe("b");
  expect(reasons).toEqual(["maintenance"]);
});

it("a stream hears of an abort before the socket is closed, and may fail", async () => {
  const heard: unknown[] = [];
  const problems: string[] = [];
  const handler = async (connection: ServedConnection): Promise<void> => {
    connection.stream = {
      close: () => connection.socket.finish(),
      abort() {
        heard.push(connection.socket.closed);
        throw new Error(`of ${heard.length}`);
      },
    };
    await echo(connection);
  };
  const server = start(handler, { onError: (error) => problems.push(String(error)) });
  const clients = [await dial(server), await dial(server)];
  for (const client of clients) {
    await client.sendAll("a");
    expect(String(await client.recv())).toBe("a");
  }
  server.abortConnections("maintenance");
  for (const client of clients) expect(await client.recv().catch(() => null)).toBe(null);
  expect(heard).toEqual([false, false]);
  expect(problems).toEqual(["Error: of 1", "Error: of 2"]);
  const last = await dial(server);
  await last.sendAll("b");
  expect(String(await last.recv())).toBe("b");
});

it("a stream ends the connection in the place of the socket, and what it fails with is heard of", async () => {
  const errors: unknown[] = [];
  const calls: string[] = [];
  const server = start(
    async (connection) => {
      const { socket } = connection;
      const order = String(await socket.recv());
      connection.stream = {
        async close() {
          calls.push("close");
          if (order === "break") throw new Error("not sent");
          await socket.sendAll("goodbye");
        },
        abort: () => calls.push("abort"),
      };
      if (order === "fail") throw new Error("handler failed");
    },
    { onError: (error) => errors.push(error) },
  );
  const answers: string[] = [];
  for (const order of ["end", "break", "fail"]) {
    const client = await dial(server);
    await client.sendAll(order);
    answers.push(String(await receiveAll(client)));
  }
  expect(answers).toEqual(["goodbye", "", ""]);
  expect(calls).toEqual(["close", "close", "abort", "abort"]);
  expect(errors).toEqual([new Error("not sent"), new Error("handler failed")]);
});

it("signal closes the server and is let go of", async () => {
  const controller = new AbortController();
  const server = start(echo, { signal: controller.signal });
  const client = await dial(server);
  controller.abort();
  await server.closed;
  expect(await client.recv().catch(() => null)).toBe(null);
  const { signal } = new AbortController();
  const other = start(echo, { signal });
  await other.close();
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  await start(echo, { signal: AbortSignal.abort() }).closed;
});

it("a handler may close its connection itself, and unread input harms nobody", async () => {
  const server = start(async ({ socket }) => {
    await socket.readable();
    await socket.sendAll("goodbye");
    socket.close();
  });
  const client = await dial(server);
  await client.sendAll("never read");
  expect(String(await receiveAll(client))).toBe("goodbye");
});

it("the listener closed by its owner ends the server when the handlers are done", async () => {
  const listener = listening();
  const server = serve(listener, echo);
  const client = await dial(server);
  await client.sendAll("a");
  await client.recv();
  listener.close();
  expect(server.connections).toBe(1);
  client.close();
  await server.closed;
  await expect(listener.accept()).rejects.toThrow(ClosedError);
});

test.each<[unknown[], string]>([
  [[undefined, echo], "listener must be a listening Socket, got undefined"],
  [[{}, echo], "listener must be a listening Socket"],
  [["DATAGRAMS", echo], "listener must be a Socket that listens; for datagrams there is serveDatagrams"],
  [["LISTENER", undefined], "handler must be a function, got undefined"],
  [["LISTENER", echo, 5], "options must be an object, got 5"],
  [["LISTENER", echo, { maxConnections: 0 }], "maxConnections must be an integer from 1 to 2147483647, got 0"],
  [["LISTENER", echo, { verify: true }], "verify must be a function, got true"],
  [["LISTENER", echo, { onError: "log" }], "onError must be a function, got 'log'"],
  [["LISTENER", echo, { signal: {} }], "signal must be an AbortSignal"],
])("refuses %j", (args, message) => {
  const listener = listening();
  const datagrams = track(new Socket(AF_INET, SOCK_DGRAM));
  const all = args.map((arg) => (arg === "LISTENER" ? listener : arg === "DATAGRAMS" ? datagrams : arg));
  expect(() => Reflect.apply(serve, undefined, all)).toThrow(message);
  expect(() => Reflect.apply(serve, undefined, all)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG" }));
});
