import { afterEach, describe, expect, it } from "vitest";
import { ReceiveBatch } from "./batch.ts";
import { AF_INET, IP_RECVERR, IPPROTO_IP, MSG_ERRQUEUE, MSG_PEEK, SOCK_DGRAM } from "./constants.ts";
import { Socket } from "./socket.ts";

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

function datagramSocket(): Socket {
  const socket = new Socket(AF_INET, SOCK_DGRAM);
  open.push(socket);
  socket.bind({ address: "127.0.0.1", port: 0 });
  return socket;
}

/** A port on which nobody listens any more. */
function closedPort(): number {
  const socket = datagramSocket();
  const { port } = socket.getsockname() as { port: number };
  socket.close();
  return port;
}

const refused = { ancillary: { error: { errno: 111 } } };

describe.skipIf(process.platform !== "linux")("the error queue (Linux)", () => {
  it("is read beside the data, and each waits for its own", async () => {
    const socket = datagramSocket();
    socket.setsockopt(IPPROTO_IP, IP_RECVERR, 1);
    const error = socket.recvmsg(100, 512, { flags: MSG_ERRQUEUE });
    const data = socket.recvfrom(100);
    await expect(socket.recvmsg(100, 512, { flags: MSG_ERRQUEUE })).rejects.toThrow("already waits");
    await expect(socket.recv()).rejects.toThrow("already waits");
    await socket.sendto("lost", { address: "127.0.0.1", port: closedPort() });
    // Without IP_RECVERR only a connected socket would hear of it; with it, the read that waits does too.
    await expect(data).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const { data: payload, ...found } = await error;
    expect(found).toMatchObject(refused);
    expect(payload.toString()).toBe("lost");
  });

  it.each([
    ["recv", (socket: Socket, options: object) => socket.recv(100, options)],
    ["recvInto", (socket: Socket, options: object) => socket.recvInto(Buffer.alloc(100), options)],
    ["recvfrom", (socket: Socket, options: object) => socket.recvfrom(100, options)],
    ["recvfromInto", (socket: Socket, options: object) => socket.recvfromInto(Buffer.alloc(100), options)],
  ])("is what %s waits for, and data that nobody reads does not wake it", async (_, receive) => {
    const socket = datagramSocket();
    socket.setsockopt(IPPROTO_IP, IP_RECVERR, 1);
    await socket.sendto("data", socket.getsockname());
    const before = process.cpuUsage();
    const waiting = receive(socket, { flags: MSG_ERRQUEUE, timeout: 300 });
    // Beside it the data can be had.
    expect(String(await socket.recv(100, { flags: MSG_PEEK }))).toBe("data");
    await expect(waiting).rejects.toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
    const { user, system } = process.cpuUsage(before);
    // Spinning takes all there is; on a busy machine that is less than the 300 ms that have passed.
    expect((user + system) / 1000).toBeLessThan(30);
  });

  it("gives recvfrom what a wait had to take out of it, with the address", async () => {
    const socket = datagramSocket();
    socket.setsockopt(IPPROTO_IP, IP_RECVERR, 1);
    const address = { address: "127.0.0.1", port: closedPort() };
    await socket.sendto("lost", address);
    await expect(socket.recv(100, { timeout: 1000 })).rejects.toMatchObject({ code: "ECONNREFUSED" });
    // This wait empties the queue, or polling would report it for ever.
    await expect(socket.recv(100, { timeout: 20 })).rejects.toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
    const { data, address: to } = await socket.recvfrom(100, { flags: MSG_ERRQUEUE, timeout: 1000 });
    expect([String(data), to]).toMatchObject(["lost", address]);
  });

  it("keeps what nobody asked for when a wait had to empty it", async () => {
    const socket = datagramSocket();
    socket.setsockopt(IPPROTO_IP, IP_RECVERR, 1);
    const port = closedPort();
    for (let i = 0; i < 3; i++) {
      await socket.sendto(`lost ${i}`, { address: "127.0.0.1", port });
      // Takes the error of the socket away, so that the next send is not refused in its place.
      await expect(socket.recv(100, { timeout: 1000 })).rejects.toMatchObject({ code: "ECONNREFUSED" });
    }
    await expect(socket.recv(100, { timeout: 5 })).rejects.toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
    for (let i = 0; i < 3; i++) {
      const message = await socket.recvmsg(100, 512, { flags: MSG_ERRQUEUE, timeout: 1000 });
      expect(message).toMatchObject(refused);
      expect(message.data.toString()).toBe(`lost ${i}`);
    }
  });

  it("can be given up on in every way", async () => {
    const socket = datagramSocket();
    const wait = (options: object): Promise<unknown> => socket.recvmsg(100, 512, { flags: MSG_ERRQUEUE, ...options });
    await expect(wait({ timeout: 2 })).rejects.toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
    await expect(wait({ timeout: 0 })).rejects.toMatchObject({ code: "EAGAIN" });
    const controller = new AbortController();
    const aborted = wait({ signal: controller.signal });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: "ABORT_ERR" });
    const closed = wait({});
    socket.unref().ref();
    socket.close();
    await expect(closed).rejects.toMatchObject({ code: "ERR_SOCKET_CLOSED" });
  });

  it("does not spin on an error that belongs to the next read", async () => {
    const socket = datagramSocket();
    await socket.connect({ address: "127.0.0.1", port: closedPort() });
    const waiting = socket.recvmsg(100, 512, { flags: MSG_ERRQUEUE, timeout: 150 });
    await socket.send("lost");
    const before = process.cpuUsage();
    await expect(waiting).rejects.toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(75);
    await expect(socket.recv()).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe.skipIf(process.platform !== "linux")("receiveMany (Linux)", () => {
  it("waits for datagrams, and loses none when it is given up on", async () => {
    const socket = datagramSocket();
    const batch = new ReceiveBatch(4, 100);
    await expect(socket.receiveMany(batch, { timeout: 1 })).rejects.toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
    const waiting = socket.receiveMany(batch);
    await expect(socket.recv()).rejects.toThrow("a recvmmsg already waits");
    for (const text of ["one", "two"]) socket.trySendto(text, socket.getsockname());
    expect(await waiting).toBe(2);
    expect([batch.data(0).toString(), batch.data(1).toString()]).toEqual(["one", "two"]);
    await expect(socket.receiveMany({} as never)).rejects.toThrow("batch must be a ReceiveBatch");
  });
});
