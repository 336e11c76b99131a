import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it, test } from "vitest";
import {
  closeAll,
  datagramPair,
  families,
  fill,
  IPv4,
  listening,
  receiveExactly,
  streamPair,
  track,
  turn,
  Unix,
} from "../test/pairs.ts";
import {
  AF_INET,
  AF_UNIX,
  IP_RECVERR,
  IPPROTO_IP,
  MSG_ERRQUEUE,
  SO_SNDBUF,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./constants.ts";
import { AbortError, BusyError, ClosedError, TimeoutError } from "./errors.ts";
import type { Datagram } from "./receive.ts";
import { Socket } from "./socket.ts";

afterEach(closeAll);

describe("one call of a kind at a time", () => {
  it("rejects a second read at once, and the first goes on", async () => {
    const [a, b] = await streamPair();
    const first = a.recv();
    await expect(a.recv()).rejects.toThrow(BusyError);
    await expect(a.recvInto(Buffer.alloc(1))).rejects.toThrow("recv: a recv already waits on this socket");
    await expect(a.readable()).rejects.toMatchObject({ code: "ERR_SOCKET_BUSY", syscall: "readable" });
    b.trySend("x");
    expect(String(await first)).toBe("x");
  });

  it("rejects a second write on a stream, and reads meanwhile", async () => {
    const [a, b] = await streamPair();
    fill(a);
    const writing = a.sendAll("rest");
    await expect(a.send("x")).rejects.toThrow(BusyError);
    await expect(a.writable()).rejects.toThrow("writable: a send already waits on this socket");
    b.trySend("y");
    expect(String(await a.recv())).toBe("y");
    a.close();
    await expect(writing).rejects.toThrow(ClosedError);
  });

  it("rejects a second accept", async () => {
    const server = listening();
    const first = server.accept();
    await expect(server.accept()).rejects.toThrow(BusyError);
    server.close();
    await expect(first).rejects.toThrow(ClosedError);
  });

  it("rejects a second connect", async () => {
    const socket = track(new Socket());
    const target = { address: "127.0.0.1", port: (listening().getsockname() as { port: number }).port };
    const [first, second] = await Promise.allSettled([socket.connect(target), socket.connect(target)]);
    expect(first.status).toBe("fulfilled");
    expect(second).toMatchObject({ status: "rejected", reason: { code: "ERR_SOCKET_BUSY" } });
  });
});

describe("sends of a datagram socket queue", () => {
  /** A sender whose every send has to wait: the queue of its receiver is full. */
  function stuck(): { sender: Socket; receiver: Socket; sent: number } {
    const [sender, receiver] = datagramPair(Unix);
    const target = receiver.getsockname();
    let sent = 0;
    while (sender.trySendto(`${sent}`, target as { path: string }) !== null) sent++;
    return { sender, receiver, sent };
  }

  test.each(["connected", "addressed"])("in order, %s", async (kind) => {
    const { sender, receiver, sent } = stuck();
    const target = receiver.getsockname();
    if (kind === "connected") await sender.connect(target);
    const sends = Array.from({ length: 50 }, (_, i) => {
      return kind === "connected" ? sender.send(`${sent + i}`) : sender.sendto(`${sent + i}`, target);
    });
    const received: string[] = [];
    while (received.length < sent + 50) received.push(String(await receiver.recv()));
    expect(received).toEqual(received.map((_, i) => `${i}`));
    expect(await Promise.all(sends)).toHaveLength(50);
  });

  it("up to maxQueuedSends", async () => {
    const { sender, receiver } = stuck();
    await sender.connect(receiver.getsockname());
    sender.maxQueuedSends = 3;
    const waiting = [sender.send("a"), sender.send("b"), sender.send("c")];
    await expect(sender.send("d")).rejects.toThrow("send: 3 sends already wait");
    sender.close();
    for (const { status } of await Promise.allSettled(waiting)) expect(status).toBe("rejected");
  });

  it("and an aborted one leaves the line without a gap", async () => {
    const { sender, receiver, sent } = stuck();
    await sender.connect(receiver.getsockname());
    const controllers = [0, 1, 2, 3].map(() => new AbortController());
    const sends = controllers.map(({ signal }, i) => sender.send(`s${i}`, { signal }));
    const settled = Promise.allSettled(sends);
    controllers[3]?.abort();
    controllers[0]?.abort();
    controllers[1]?.abort();
    const last = sender.send("last");
    for (let i = 0; i < sent; i++) await receiver.recv();
    expect(String(await receiver.recv())).toBe("s2");
    expect(String(await receiver.recv())).toBe("last");
    await last;
    expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled", "rejected"]);
  });

  test.each([0, -1, 1.5, "3", Number.NaN])("maxQueuedSends is not %j", (value) => {
    const socket = track(new Socket(AF_INET, SOCK_DGRAM));
    expect(() => {
      socket.maxQueuedSends = value as number;
    }).toThrow(/maxQueuedSends must be an integer/);
    expect(socket.maxQueuedSends).toBe(1024);
  });
});

describe("timeouts", () => {
  it("is the socket's, unless the call brings one", async () => {
    const [a] = await streamPair();
    a.timeout = 20;
    await expect(a.recv()).rejects.toThrow("recv: not done within 20 ms");
    await expect(a.recv(1, { timeout: 10 })).rejects.toMatchObject({ code: "ERR_SOCKET_TIMEOUT", syscall: "recv" });
    a.timeout = null;
    await expect(a.readable({ timeout: 10 })).rejects.toThrow(TimeoutError);
  });

  it("a call may wait for ever on a socket with a timeout", async () => {
    const [a, b] = await streamPair();
    a.timeout = 10;
    const waiting = a.recv(10, { timeout: null });
    await expect(b.recv(10, { timeout: 50 })).rejects.toThrow(TimeoutError);
    b.trySend("late");
    expect(String(await waiting)).toBe("late");
  });

  it("leaves the socket usable and loses nothing", async () => {
    const [a, b] = await streamPair();
    await expect(a.recv(10, { timeout: 5 })).rejects.toThrow(TimeoutError);
    await b.sendAll("still here");
    expect(String(await receiveExactly(a, 10))).toBe("still here");
  });

  it("tells how much of a sendAll went out", async () => {
    const [a, b] = await streamPair();
    const data = Buffer.alloc(32 * 1024 * 1024, 7);
    const error = await a.sendAll(data, { timeout: 30 }).catch((error) => error);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.bytesSent).toBeGreaterThan(0);
    expect(error.bytesSent).toBeLessThan(data.length);
    const rest = await receiveExactly(b, error.bytesSent);
    expect(rest.length).toBe(error.bytesSent);
    expect(b.tryRecv(Buffer.alloc(1))).toBe(null);
  });

  it("may be as long as a timer can be", async () => {
    const [a, b] = await streamPair();
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    const waiting = a.recv(1, { timeout: 2 ** 31 - 1 });
    await turn();
    process.off("warning", onWarning);
    b.trySend("x");
    expect(String(await waiting)).toBe("x");
    expect(warnings).toEqual([]);
  });

  it("serves a short one behind a long one", async () => {
    const [a] = await streamPair();
    fill(a);
    const long = a.sendAll("x", { timeout: 10_000 });
    await expect(a.recv(1, { timeout: 5 })).rejects.toThrow("not done within 5 ms");
    const short = a.recv(1, { timeout: 30 });
    await expect(short).rejects.toThrow("not done within 30 ms");
    a.close();
    await expect(long).rejects.toThrow(ClosedError);
  });

  test.each([-1, Number.NaN, 2 ** 31, "5", {}])("refuses %j", async (timeout) => {
    const [a] = await streamPair();
    await expect(a.recv(1, { timeout: timeout as number })).rejects.toThrow(/timeout must be milliseconds/);
    expect(() => {
      a.timeout = timeout as number;
    }).toThrow(/timeout must be milliseconds/);
    expect(a.timeout).toBe(null);
  });
});

describe("blocking = false", () => {
  it("rejects what would wait with EAGAIN, and does what would not", async () => {
    const [a, b] = await streamPair();
    a.blocking = false;
    expect([a.blocking, a.timeout]).toEqual([false, 0]);
    await expect(a.recv()).rejects.toMatchObject({ code: "EAGAIN", syscall: "recv" });
    await expect(a.readable()).rejects.toMatchObject({ code: "EAGAIN" });
    b.trySend("x");
    await b.writable();
    await a.readable({ timeout: null });
    expect(String(await a.recv())).toBe("x");
    fill(a);
    await expect(a.send("x")).rejects.toMatchObject({ code: "EAGAIN", syscall: "send" });
    a.blocking = true;
    expect(a.timeout).toBe(null);
  });

  it("finds data although the read before it was short", async () => {
    const [a, b] = await streamPair();
    b.trySend("12");
    await a.readable();
    expect(String(await a.recv(10))).toBe("12");
    b.trySend("34");
    await expect.poll(() => a.recv(10, { timeout: 0 }).then(String, () => null)).toBe("34");
  });

  it("rejects a connect with EINPROGRESS, and writable tells when it stands", async () => {
    const server = listening();
    for (const perCall of [true, false]) {
      const socket = track(new Socket());
      if (!perCall) socket.blocking = false;
      const connecting = socket.connect(server.getsockname(), perCall ? { timeout: 0 } : undefined);
      await expect(connecting).rejects.toMatchObject({ code: "EINPROGRESS", syscall: "connect" });
      await socket.writable({ timeout: null });
      expect(socket.getpeername()).toEqual(server.getsockname());
    }
  });
});

describe("AbortSignal", () => {
  it("ends a read that waits, loses no byte and leaves no listener", async () => {
    const [a, b] = await streamPair();
    const controller = new AbortController();
    const reading = a.recv(10, { signal: controller.signal });
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    const reason = new Error("enough");
    b.trySend("kept");
    controller.abort(reason);
    const error = await reading.catch((error) => error);
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({ code: "ABORT_ERR", cause: reason, syscall: "recv" });
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    expect(String(await a.recv())).toBe("kept");
  });

  it("leaves no listener behind a call that succeeded, at once or later", async () => {
    const [a, b] = await streamPair();
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) {
      if (i % 2 === 0) b.trySend("x");
      const reading = a.recv(1, { signal });
      if (i % 2 === 1) b.trySend("x");
      await reading;
      await a.send("y", { signal });
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("that fired before keeps the call from starting", async () => {
    const [a, b] = await streamPair();
    const signal = AbortSignal.abort("no");
    await b.sendAll("data");
    await expect(a.recv(4, { signal })).rejects.toMatchObject({ code: "ABORT_ERR", cause: "no" });
    await expect(a.sendAll("x", { signal })).rejects.toMatchObject({ code: "ABORT_ERR" });
    expect(String(await a.recv())).toBe("data");
    expect(b.tryRecv(Buffer.alloc(1))).toBe(null);
  });

  it("tells how much of a sendAll went out", async () => {
    const [a, b] = await streamPair();
    const controller = new AbortController();
    const sending = a.sendAll(Buffer.alloc(32 * 1024 * 1024), { signal: controller.signal });
    controller.abort();
    const error = await sending.catch((error) => error);
    expect(error.bytesSent).toBeGreaterThan(0);
    await receiveExactly(b, error.bytesSent);
    expect(b.tryRecv(Buffer.alloc(1))).toBe(null);
    await a.sendAll("after");
    expect(String(await receiveExactly(b, 5))).toBe("after");
  });

  it("ends a connect and closes its socket", async () => {
    // A listener whose queue is full makes the next connection wait.
    const server = track(new Socket(AF_UNIX));
    server.bind(Unix.fresh());
    server.listen(0);
    const { path } = server.getsockname() as { path: string };
    await track(new Socket(AF_UNIX)).connect({ path });
    const controller = new AbortController();
    const socket = new Socket(AF_UNIX);
    const connecting = socket.connect({ path }, { signal: controller.signal });
    await turn();
    controller.abort();
    await expect(connecting).rejects.toThrow(AbortError);
    expect(socket.closed).toBe(true);
    const late = new Socket(AF_UNIX);
    await expect(late.connect({ path }, { timeout: 30 })).rejects.toThrow(TimeoutError);
    expect(late.closed).toBe(true);
    const early = track(new Socket(AF_UNIX));
    await expect(early.connect({ path }, { signal: controller.signal })).rejects.toThrow(AbortError);
    expect(early.closed).toBe(false);
  });
});

describe("close wakes whoever waits with a ClosedError", () => {
  test.each(families)("$name", async (family) => {
    const [a] = await streamPair(family);
    fill(a);
    const waiting = [a.recv(), a.sendAll("x")];
    const server = listening(family);
    waiting.push(server.accept() as never);
    const [datagram] = datagramPair(family);
    waiting.push(datagram.recvfrom() as never);
    await turn();
    a.close();
    server.close();
    datagram.close();
    for (const outcome of await Promise.allSettled(waiting)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { name: "ClosedError", code: "ERR_SOCKET_CLOSED" } });
    }
  });

  it("also from inside a wake-up, for sockets that became ready in the same turn", async () => {
    const pairs = await Promise.all(Array.from({ length: 10 }, () => streamPair()));
    const readers = pairs.map(([a]) => a);
    const outcomes = readers.map((reader) =>
      reader.recv().then(
        () => {
          for (const other of readers) if (other !== reader) other.close();
          return "data";
        },
        (error) => error.code,
      ),
    );
    for (const [, b] of pairs) b.trySend("x");
    const counted = await Promise.all(outcomes);
    expect(counted).toContain("data");
    expect(counted.every((outcome) => outcome === "data" || outcome === "ERR_SOCKET_CLOSED")).toBe(true);
  });

  it("and every later call", async () => {
    const [a] = await streamPair();
    a.close();
    a.close();
    await expect(a.recv()).rejects.toThrow(ClosedError);
    await expect(a.sendAll("x")).rejects.toThrow(ClosedError);
    await expect(a.readable()).rejects.toThrow(ClosedError);
    await expect(a.connect({ address: "127.0.0.1", port: 1 })).rejects.toThrow(ClosedError);
    await expect(a.accept()).rejects.toThrow(ClosedError);
    for (const call of [
      () => a.tryRecv(Buffer.alloc(1)),
      () => a.trySend("x"),
      () => a.tryAccept(),
      () => a.bind({ port: 0 }),
      () => a.listen(),
      () => a.shutdown(1),
      () => a.getsockname(),
      () => a.getpeername(),
      () => a.setsockopt(SOL_SOCKET, SO_SNDBUF, 1),
      () => a.getsockopt(SOL_SOCKET, SO_SNDBUF),
      () => a.detach(),
    ]) {
      expect(call).toThrow(ClosedError);
    }
    expect(a.fileno()).toBe(-1);
  });
});

describe("fairness", () => {
  it("a socket that is always ready lets the loop turn", async () => {
    const [a, b] = await streamPair();
    await b.sendAll(Buffer.alloc(1_000));
    await a.readable();
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    let reads = 0;
    for (const byte = Buffer.alloc(1); !turned; reads++) await a.recvInto(byte);
    expect(reads).toBeLessThan(200);
  });

  it("and so does one whose calls before did not want to wait", async () => {
    const [a, b] = await streamPair();
    await b.sendAll(Buffer.alloc(2_000));
    await a.readable();
    const byte = Buffer.alloc(1);
    for (let i = 0; i < 100; i++) await a.recvInto(byte, { timeout: 0 });
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    let reads = 0;
    for (; !turned; reads++) await a.recvInto(byte);
    expect(reads).toBeLessThan(200);
  });

  it("wakes every one of 1,500 sockets that are ready in one turn", async () => {
    const server = listening();
    const clients: Socket[] = [];
    const peers: Socket[] = [];
    while (peers.length < 1_500) {
      const client = track(new Socket());
      const [{ socket }] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
      clients.push(client);
      peers.push(track(socket));
    }
    const reads = clients.map((client) => client.recv());
    for (const peer of peers) peer.trySend("x");
    expect((await Promise.all(reads)).map(String)).toEqual(clients.map(() => "x"));
  });
});

describe("an error of the socket", () => {
  it("reaches the connect that waits, not the read beside it", async () => {
    const unused = listening(IPv4);
    const target = unused.getsockname();
    unused.close();
    const socket = track(new Socket());
    const connecting = socket.connect(target);
    const reading = socket.recv();
    await expect(connecting).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await expect(reading).rejects.toMatchObject({ code: "ENOTCONN" });
  });

  it("of one datagram goes to whoever waits, and the socket goes on", async () => {
    const [a, b, from, to] = datagramPair();
    const closed = track(new Socket(AF_INET, SOCK_DGRAM));
    closed.bind({ address: "127.0.0.1", port: 0 });
    const nobody = closed.getsockname();
    closed.close();
    await a.connect(nobody);
    const reading = a.recv();
    await a.send("is anybody there?");
    await expect(reading).rejects.toMatchObject({ code: "ECONNREFUSED", syscall: "recv" });
    await a.connect(to);
    await b.sendto("I am", from);
    const { data }: Datagram = await a.recvfrom();
    expect(String(data)).toBe("I am");
  });

  it.runIf(process.platform === "linux")("in the error queue of IP_RECVERR does not make a read spin", async () => {
    const closed = track(new Socket(AF_INET, SOCK_DGRAM));
    closed.bind({ address: "127.0.0.1", port: 0 });
    const nobody = closed.getsockname();
    closed.close();
    const [a, b, from] = datagramPair();
    a.setsockopt(IPPROTO_IP, IP_RECVERR, 1);
    const failing = a.recv();
    await a.sendto("is anybody there?", nobody);
    await expect(failing).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const before = process.cpuUsage();
    await expect(a.recv(10, { timeout: 300 })).rejects.toThrow(TimeoutError);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(150);
    const reading = a.recv();
    await b.sendto("I am", from);
    expect(String(await reading)).toBe("I am");
    expect(a.tryRecv(Buffer.alloc(100), MSG_ERRQUEUE)).toBe(17);
  });
});
