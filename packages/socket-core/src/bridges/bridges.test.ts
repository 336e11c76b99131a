import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { type Duplex, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { WritableStream } from "node:stream/web";
import { describe, expect, it } from "vitest";
import { createConnection } from "../connection.ts";
import { createServer } from "../listen.ts";
import { socketpair } from "../pair.ts";

async function nodeServer(handler: (socket: net.Socket) => void): Promise<net.Server> {
  const server = net.createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
function portOf(server: net.Server): number {
  return (server.address() as net.AddressInfo).port;
}

describe("toDuplex", () => {
  it("goes through pipeline, both ways, with half-close", async () => {
    const [a, b] = socketpair();
    const near = a.toDuplex();
    const far = b.toDuplex();
    const sent = Buffer.alloc(3_000_000, "sockeye");
    // Not `for await`, which destroys a Duplex at the end of its readable side.
    const collect = async (duplex: Duplex): Promise<Buffer> => {
      const chunks: Buffer[] = [];
      duplex.on("data", (chunk: Buffer) => chunks.push(chunk));
      await once(duplex, "end");
      return Buffer.concat(chunks);
    };
    const received = collect(far);
    await pipeline(Readable.from([sent.subarray(0, 10), sent.subarray(10)]), near);
    expect((await received).equals(sent)).toBe(true);
    // The other direction is still open.
    far.end("answer");
    expect((await collect(near)).toString()).toBe("answer");
  });

  it("is a connection for http.request", async () => {
    const server = http.createServer((request, response) => request.pipe(response)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = await createConnection({ address: "127.0.0.1", port: portOf(server) });
    const request = http.request({ method: "POST", createConnection: () => socket.toDuplex() });
    request.end("through a duplex");
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    expect(await text(response)).toBe("through a duplex");
    server.closeAllConnections();
    server.close();
  });

  it("does not read ahead of its consumer", async () => {
    const [a, b] = socketpair();
    const duplex = b.toDuplex({ highWaterMark: 1024 });
    let accepted = 0;
    for (let count = a.trySend(Buffer.alloc(1 << 20)); count !== null; count = a.trySend(Buffer.alloc(1 << 20))) {
      accepted += count;
    }
    duplex.once("readable", () => {});
    await once(duplex, "readable");
    expect(duplex.readableLength).toBeLessThan(accepted);
    duplex.destroy();
    a.close();
  });

  it("an error of the socket is an error of the stream, and destroy closes", async () => {
    const server = createServer({ address: "127.0.0.1", port: 0 });
    const client = await createConnection(server.getsockname());
    const { socket } = await server.accept();
    const duplex = client.toDuplex();
    duplex.resume();
    socket.options.linger = 0;
    socket.close();
    const [error] = (await once(duplex, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNRESET");
    expect(client.closed).toBe(true);
    server.close();
  });
});

describe("toWeb", () => {
  it("goes through pipeTo, both ways", async () => {
    const [a, b] = socketpair();
    const near = a.toWeb();
    const far = b.toWeb();
    const echo = far.readable.pipeTo(far.writable);
    const sent = Buffer.alloc(1_000_000, "web");
    const chunks: Uint8Array[] = [];
    const collect = near.readable.pipeTo(
      new WritableStream<Uint8Array>({
        write(chunk) {
          chunks.push(chunk);
        },
      }),
    );
    const writer = near.writable.getWriter();
    await writer.write(sent);
    await writer.write("text");
    await writer.close();
    await Promise.all([echo, collect]);
    expect(Buffer.concat(chunks).equals(Buffer.concat([sent, Buffer.from("text")]))).toBe(true);
    expect([a.closed, b.closed]).toEqual([true, true]);
  });

  it("fills the consumer's own buffer", async () => {
    const [a, b] = socketpair();
    const reader = b.toWeb().readable.getReader({ mode: "byob" });
    await a.sendAll("hello");
    const { value } = await reader.read(new Uint8Array(3));
    expect(Buffer.from(value!).toString()).toBe("hel");
    await reader.cancel();
    expect(b.closed).toBe(true);
    a.close();
  });
});

describe("toNodeSocket", () => {
  it("hands the connection to node:net with what was not read", async () => {
    const server = await nodeServer((socket) => socket.end("hello from node"));
    const socket = await createConnection({ address: "127.0.0.1", port: portOf(server) });
    expect((await socket.recv(5))?.toString()).toBe("hello");
    const node = socket.toNodeSocket();
    expect(socket.closed).toBe(true);
    expect(await text(node)).toBe(" from node");
    server.close();
  });

  it("is a connection for http.request", async () => {
    const server = http.createServer((_request, response) => response.end("ok")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = await createConnection({ address: "127.0.0.1", port: portOf(server) });
    const request = http.get({ path: "/", createConnection: () => socket.toNodeSocket() });
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    expect(await text(response)).toBe("ok");
    server.closeAllConnections();
    server.close();
  });
});
