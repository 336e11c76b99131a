import { describe, expect, it } from "vitest";
import { Child } from "../src/child.mjs";
import { compiled } from "../src/compiler.mjs";
import { chatServers, type FanoutWork, measureFanout } from "../src/fanout.mjs";

const work: FanoutWork = { mode: "chat", connections: 60, size: 64, slow: 2, warmUp: 3, count: 20 };

// The load uses epoll, and processor time comes from /proc.
describe.skipIf(process.platform !== "linux")("the load of chats (Linux)", () => {
  it.each(chatServers)("measures $name, whose every listener hears every message once", async (server) => {
    const { processor, rate, memory } = await measureFanout(server, work);
    expect(processor).toBeGreaterThan(0);
    expect(rate).toBeGreaterThan(0);
    expect(memory).toBeGreaterThan(0);
  });

  it("says that a server closed a connection", async () => {
    const program =
      "net.createServer((s) => s.end()).listen(0, '127.0.0.1', function () { console.log(this.address().port) })";
    const closing = { name: "closing", protocol: "lines", command: () => [process.execPath, "-e", program] } as const;
    await expect(measureFanout(closing, work)).rejects.toThrow("the server closed a connection");
  });

  it.each([
    [[], "usage: chat"],
    [["smoke", "80", "9", "0", "64"], "unknown PROTOCOL smoke"],
    [["lines", "99999", "9", "0", "64"], "PORT is 99999: expected"],
    [["lines", "80", "2", "1", "64"], "expected a speaker, a listener that reads"],
  ])("refuses the arguments %j", async (args, message) => {
    await expect(new Child([compiled("chat"), ...args]).line()).rejects.toThrow(message);
  });
});
