import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Child } from "../src/child.mjs";
import { compiled } from "../src/compiler.mjs";
import type { Work } from "../src/measurement.mjs";
import { python } from "../src/python.mjs";
import { clients, measureRequests, type Way } from "../src/requests.mjs";

const work: Work = { mode: "requests", connections: 4, size: 0, warmUp: 8, count: 40 };
const ways: Way[] = ["get", "post", "body", "stream"];
const hasRequests = spawnSync(python, ["-c", "import requests"]).status === 0;
const isOnNode = (name: string): boolean => name !== "Python requests";

// The server uses epoll, and processor time comes from /proc.
describe.skipIf(process.platform !== "linux")("requests (Linux)", () => {
  describe.each(ways)("%s", (way) => {
    it.each(clients.map((client) => client(way)).filter(({ name }) => isOnNode(name)))(
      "measures $name, which reads every answer",
      async (contestant) => {
        const { processor, rate, generator, memory } = await measureRequests(contestant, work);
        expect(processor).toBeGreaterThan(0);
        expect(rate).toBeGreaterThan(0);
        expect(generator).toBeGreaterThan(0);
        expect(memory).toBeGreaterThan(0);
      },
    );

    it.skipIf(!hasRequests)("measures Python requests (needs python3-requests)", async () => {
      const contestant = clients.map((client) => client(way)).find(({ name }) => !isOnNode(name))!;
      expect((await measureRequests(contestant, work)).processor).toBeGreaterThan(0);
    });
  });

  it("says why a client did not run", async () => {
    const broken = { name: "broken", command: () => [process.execPath, "-e", "throw new Error('no such client')"] };
    await expect(measureRequests(broken, work)).rejects.toThrow("no such client");
  });

  it.each([
    [[], "usage: http serve"],
    [["put", "/json", "80", "1"], "usage: http serve"],
    [["get", "/json", "99999", "1"], "PORT is 99999: expected"],
    [["post", "/json", "80", "0"], "COUNT is 0: expected"],
  ])("refuses the arguments %j", async (args, message) => {
    await expect(new Child([compiled("http"), ...args]).line()).rejects.toThrow(message);
  });
});

describe.skipIf(process.platform !== "linux")("the server (Linux)", () => {
  it("answers requests that come in pieces, and several that come at once", async () => {
    const server = new Child([compiled("http"), "serve"]);
    try {
      const { connect } = await import("node:net");
      const socket = connect(Number(await server.line()), "127.0.0.1").setEncoding("latin1");
      socket.setNoDelay(true);
      let text = "";
      const arrived = (pattern: RegExp): Promise<void> =>
        new Promise((resolve) => {
          const look = (): void => {
            if (!pattern.test(text)) return;
            socket.off("data", look);
            resolve();
          };
          socket.on("data", look);
          look();
        });
      socket.on("data", (chunk: string) => {
        text += chunk;
      });
      for (const byte of "POST /json HTTP/1.1\r\ncontent-LENGTH: 3\r\n\r\nabc") socket.write(byte);
      await arrived(/Ada Lovelace.*\}\}$/s);
      text = "";
      socket.write("GET /json HTTP/1.1\r\n\r\n".repeat(3));
      await arrived(/(Ada Lovelace.*){3}\}\}$/s);
      expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
      socket.destroy();
    } finally {
      await server.stop();
    }
  });
});
