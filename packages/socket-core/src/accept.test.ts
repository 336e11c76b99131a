import { afterEach, describe, expect, it } from "vitest";
import { closeAll, families, listening, track } from "../test/pairs.ts";
import { AF_INET, SO_LINGER, SOCK_DGRAM, SOL_SOCKET } from "./constants.ts";
import { TimeoutError } from "./errors.ts";
import { Socket } from "./socket.ts";

afterEach(closeAll);

describe.each(families)("accept over $name", (family) => {
  it("gives sockets of the listener's kind, in order", async () => {
    const server = listening(family);
    const clients: Socket[] = [];
    for (let i = 0; i < 3; i++) {
      const client = track(new Socket(family.family));
      await client.connect(server.getsockname());
      await client.sendAll(`${i}`);
      clients.push(client);
    }
    for (let i = 0; i < 3; i++) {
      const { socket } = await server.accept();
      expect([track(socket).family, socket.type]).toEqual([server.family, server.type]);
      expect(String(await socket.recv())).toBe(`${i}`);
    }
    expect(server.tryAccept()).toBe(null);
  });

  it("tryAccept takes one that is there", async () => {
    const server = listening(family);
    expect(server.tryAccept()).toBe(null);
    const client = track(new Socket(family.family));
    await client.connect(server.getsockname());
    await server.readable();
    const accepted = server.tryAccept();
    expect(accepted?.address).toEqual(client.getsockname());
    accepted?.socket.close();
  });

  it("iterates until close; break leaves the listener open", async () => {
    const server = listening(family);
    const connect = (): Promise<void> => track(new Socket(family.family)).connect(server.getsockname());
    await connect();
    for await (const { socket } of server) {
      socket.close();
      break;
    }
    expect(server.closed).toBe(false);
    await connect();
    let count = 0;
    for await (const { socket } of server) {
      count++;
      socket.close();
      server.close();
    }
    expect(count).toBe(1);
  });
});

describe("accept", () => {
  it("ends iteration that waits when the listener is closed", async () => {
    const server = listening();
    const iterating = (async () => {
      for await (const _ of server) throw new Error("nobody connects");
    })();
    server.close();
    await iterating;
  });

  it("times out, and the listener goes on", async () => {
    const server = listening();
    await expect(server.accept({ timeout: 10 })).rejects.toThrow(TimeoutError);
    const client = track(new Socket());
    const [{ socket }] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
    socket.close();
  });

  it("passes over a connection that was reset in the queue", async () => {
    const server = listening();
    const dead = new Socket();
    await dead.connect(server.getsockname());
    dead.setsockopt(SOL_SOCKET, SO_LINGER, Buffer.from(new Int32Array([1, 0]).buffer));
    dead.close();
    const alive = track(new Socket());
    await alive.connect(server.getsockname());
    const peers = [alive.getsockname()];
    // Linux hands the dead one out, too; the BSDs say ECONNABORTED.
    for (;;) {
      const { socket, address } = await server.accept();
      track(socket);
      if ((address as { port: number }).port === (peers[0] as { port: number }).port) break;
    }
  });

  it("is an error on what does not listen", async () => {
    await expect(track(new Socket()).accept()).rejects.toMatchObject({ code: "EINVAL", syscall: "accept" });
    const datagram = track(new Socket(AF_INET, SOCK_DGRAM));
    await expect(datagram.accept()).rejects.toMatchObject({ code: "ENOTSUP" });
    await expect(datagram.accept({ timeout: -1 })).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(() => datagram.tryAccept()).toThrow(/ENOTSUP/);
  });
});
