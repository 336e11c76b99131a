import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Child } from "../src/child.mjs";
import { compare } from "../src/comparison.mjs";
import { compiled } from "../src/compiler.mjs";
import { asyncStreams, cEpoll, nodeNet, nodeReadline } from "../src/contestant.mjs";
import { measureIdle, measureWork, type Work } from "../src/measurement.mjs";
import { alternate } from "../src/rounds.mjs";

const echo: Work = { mode: "echo", connections: 3, size: 64, warmUp: 30, count: 300 };
const large: Work = { ...echo, size: 100_000 };
const count: Work = { mode: "count", connections: 1, size: 100, warmUp: 10, count: 5_000 };
const bulk: Work = { mode: "bulk", connections: 2, size: 65_536, warmUp: 50, count: 400 };
const burst: Work = { mode: "burst", connections: 50, size: 1, warmUp: 50, count: 220 };
const storm: Work = { mode: "storm", connections: 4, size: 1, warmUp: 5, count: 100 };

// The load generator and its floor use epoll and /proc: elsewhere there is nothing to run.
describe.skipIf(process.platform !== "linux")("the load (Linux)", () => {
  describe.each([
    [cEpoll("echo"), echo],
    [cEpoll("echo"), large],
    [cEpoll("lines"), echo],
    [cEpoll("lines"), { ...echo, size: 60_000 }],
    [cEpoll("count"), count],
    [cEpoll("pipe"), bulk],
    [cEpoll("pipe"), { ...bulk, size: 1_000 }],
    [cEpoll("accept"), storm],
    [cEpoll("accept"), burst],
    [nodeNet("echo"), echo],
    [nodeNet("echo"), large],
    [nodeNet("lines"), large],
    [nodeNet("count"), count],
    [nodeNet("pipe"), bulk],
    [asyncStreams("pipe"), bulk],
    [asyncStreams("pipe"), { ...bulk, size: 1_000 }],
    [nodeNet("accept"), storm],
    [nodeNet("accept"), burst],
    [nodeReadline("lines"), echo],
    [nodeReadline("count"), count],
  ])("against $name", (contestant, work) => {
    it(`measures ${work.mode} of ${work.size} B`, async () => {
      const { processor, rate, generator, memory } = await measureWork(contestant, work);
      expect(processor).toBeGreaterThan(0);
      expect(rate).toBeGreaterThan(0);
      expect(generator).toBeGreaterThan(0);
      expect(generator).toBeLessThanOrEqual(1.01);
      expect(memory).toBeGreaterThan(0.5);
    });
  });

  it("measures connections that stay open", async () => {
    const idle: Work = { mode: "idle", connections: 30, size: 64, warmUp: 5, count: 500 };
    const { memoryEach, memory } = await measureIdle(cEpoll("echo"), idle);
    // A connection of the floor is 40 bytes and what malloc adds.
    expect(memoryEach).toBeLessThan(5);
    expect(memory).toBeGreaterThan(0.5);
  });

  it("compares the floor with node:net in alternating rounds", async () => {
    const outcomes = await alternate([cEpoll("echo"), nodeNet("echo")], 2, (contestant) =>
      measureWork(contestant, echo),
    );
    const place = { subject: "test", case: "64 B", unit: "message", rounds: 2 };
    const row = compare(
      place,
      { measure: "processor", ours: "C epoll", peer: "node:net", goal: { atMost: 1 } },
      outcomes,
    );
    expect(row).toMatchObject({ note: null, verdict: "met" });
  });

  it("reports a server that does not start, with its reason", async () => {
    const broken = {
      name: "broken",
      command: () => [process.execPath, "-e", "throw new TypeError('unusable: no such thing')"],
    };
    const outcomes = await alternate([broken], 2, (contestant) => measureWork(contestant, echo));
    expect(outcomes.get("broken")).toEqual({ samples: [], failure: "TypeError: unusable: no such thing" });
  });

  it("reports a server that breaks off, with the server's own words", async () => {
    const program = `require("node:net").createServer(() => { throw new TypeError("handler: failed") })
      .listen(0, "127.0.0.1", function () { console.log(this.address().port) })`;
    const crashing = { name: "crashing", command: () => [process.execPath, "-e", program] };
    const outcomes = await alternate([crashing], 1, (contestant) => measureWork(contestant, echo));
    expect(outcomes.get("crashing")?.failure).toBe("TypeError: handler: failed");
  });

  describe("does not believe a server", () => {
    const sockets = new Set<Socket>();
    const server = createServer();
    afterEach(async () => {
      for (const socket of sockets) socket.destroy();
      server.removeAllListeners("connection");
      server.close();
      await once(server, "close");
    });

    it.each([
      [
        "that changes a byte",
        "echo",
        "check 10",
        (data: Buffer) => data.fill(0x20, 40, 41),
        "what came back is not what was sent",
      ],
      ["that sends too much", "echo", "run 10", (data: Buffer) => Buffer.concat([data, data]), "more than it was sent"],
      ["that hangs up", "echo", "run 10", () => null, "closed a connection"],
      [
        "that miscounts",
        "count",
        "run 10",
        (data: Buffer) => (/(^|\n)\n$/.test(data.toString()) ? "9\n" : ""),
        "counted 9 lines of 10",
      ],
      ["that sends where it should close", "storm", "run 10", () => "x", "should only close"],
    ])("%s", async (_name, mode, command, reply, message) => {
      server.on("connection", (socket) => {
        sockets.add(socket);
        socket.on("error", () => {});
        if (mode === "storm") return socket.write("x");
        socket.on("data", (data) => {
          const answer = reply(data);
          if (answer === null) socket.destroy();
          else socket.write(answer);
        });
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      const load = new Child([compiled("load"), mode, String(port), "2", "64", "1"]);
      load.send(command);
      try {
        await expect(load.line()).rejects.toThrow(message);
      } finally {
        await load.stop();
      }
    });
  });

  it.each([
    [["echo"], "usage: load echo|count|bulk|storm|burst|idle PORT CONNECTIONS SIZE PID"],
    [["echo", "0", "1", "64", "1"], "PORT is 0: expected a whole number from 1 to 65535"],
    [["echo", "80x", "1", "64", "1"], "PORT is 80x: expected"],
    [["echo", "80", "-1", "64", "1"], "CONNECTIONS is -1: expected"],
    [["echo", "80", "1", "9999999", "1"], "SIZE is 9999999: expected a whole number from 1 to 262144"],
    [["burst", "80", "1", "64", "0"], "PID is 0: expected"],
    [["flood", "80", "1", "64", "1"], "MODE is flood: expected echo, count, bulk, storm, burst or idle"],
  ])("refuses the arguments %j", async (args, message) => {
    await expect(new Child([compiled("load"), ...args]).line()).rejects.toThrow(message);
  });

  it("refuses a command that it does not know", async () => {
    for (const [command, message] of [
      ["stop 1", "unknown command stop: expected run or check"],
      ["run", "expected: run N or check N"],
      ["run 0", "N is 0: expected"],
    ] as const) {
      const load = new Child([compiled("load"), "idle", "1", "1", "64", "1"]);
      load.send(command);
      await expect(load.line()).rejects.toThrow(message);
    }
  });

  // A line server is only a fair floor if it does the work: lines in pieces and several at once.
  it.each([
    [
      "lines",
      [
        ["one\ntw", "one\n"],
        ["o\nthree", "two\n"],
        ["\n\nfour\n", "three\n\nfour\n"],
      ],
    ],
    [
      "count",
      [
        ["\nb\nc", "0\n"],
        ["d\n\ne\nf\ng\n\n", "2\n3\n"],
      ],
    ],
  ] as const)("the floor's %s server puts lines together", async (service, exchanges) => {
    const server = new Child([compiled("server"), service]);
    const socket = connect(Number(await server.line()), "127.0.0.1")
      .setNoDelay()
      .setEncoding("utf8");
    try {
      for (const [piece, expected] of exchanges) {
        socket.write(piece);
        let received = "";
        while (received.length < expected.length) received += (await once(socket, "data"))[0];
        expect(received).toBe(expected);
      }
    } finally {
      socket.destroy();
      await server.stop();
    }
  });

  it("the floor's line server ends a connection whose line has no end", async () => {
    const server = new Child([compiled("server"), "lines"]);
    const socket = connect(Number(await server.line()), "127.0.0.1");
    try {
      socket.on("error", () => {}).resume();
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.write("x".repeat(200_000));
      await closed;
      expect(process.kill(server.pid, 0)).toBe(true);
    } finally {
      await server.stop();
    }
  });
});
