import { join } from "node:path";
import { Child } from "./child.mjs";
import { compiled } from "./compiler.mjs";
import { cores, settledMemory } from "./measurement.mjs";
import { usage, usageBetween } from "./usage.mjs";

/**
 * A chat server, and the protocol in which its clients speak to it.
 *
 * @typedef {import("./contestant.mjs").Contestant & { protocol: "lines" | "websocket" | "ws" | "socket.io" }} ChatServer
 * @typedef {import("./measurement.mjs").Sample} Sample
 * @typedef {import("./measurement.mjs").Work & { slow: number }} FanoutWork
 */

const servers = join(import.meta.dirname, "..", "servers");

/** @type {(name: string, protocol: ChatServer["protocol"], file: string, ...args: string[]) => ChatServer} */
const chat = (name, protocol, file, ...args) => ({
  name,
  protocol,
  command: () => [process.execPath, join(servers, file), ...args],
});

export const chatServers = [
  chat("@sockeye/chat-demo", "lines", "chat-sockeye.mjs"),
  chat("@sockeye/chat-demo on WebSocket", "websocket", "chat-sockeye.mjs", "web"),
  chat("ws", "ws", "chat-ws.mjs"),
  chat("socket.io", "socket.io", "chat-socket-io.mjs"),
];

/**
 * One speaks, everybody in the room hears it. The unit is a receipt, one message at one client; `memoryEach` is of a client before anything was said, above
 * what the server had with the first few, and `memory` is at the end, when slow readers have had their share.
 *
 * @param {import("./contestant.mjs").Contestant} contestant
 * @param {import("./measurement.mjs").Work} work
 * @returns {Promise<Sample>}
 */
export async function measureFanout(contestant, work) {
  const { protocol } = /** @type {ChatServer} */ (contestant);
  const { connections, size, count, warmUp, slow } = /** @type {FanoutWork} */ (work);
  const server = new Child(contestant.command(), cores?.server);
  /** @type {Child | undefined} */
  let load;
  try {
    const port = await server.line();
    const args = [protocol, port, connections, slow, size].map(String);
    const clients = new Child([compiled("chat"), ...args], cores?.load);
    load = clients;
    const tell = async (/** @type {string} */ command) => {
      clients.send(command);
      return JSON.parse(await clients.line());
    };
    await tell("open 50");
    const few = await settledMemory(server.pid);
    await tell(`open ${connections - 50}`);
    const all = await settledMemory(server.pid);
    await tell(`check ${warmUp}`);
    const start = performance.now();
    const before = [server, clients].map(({ pid }) => usage(pid));
    const { units, wall, processor } = await tell(`run ${count}`);
    const [own, generator] = [server, clients].map(({ pid }, index) => usageBetween(before[index], usage(pid)));
    const elapsed = (performance.now() - start) * 1e6;
    return {
      processor: own.processor / units / 1000,
      rate: (units / wall) * 1e9,
      generator: processor / wall,
      disturbed: Math.max(own.disturbed, generator.disturbed) / elapsed,
      memoryEach: (all - few) / (connections - 50) / 1024,
      memory: (await settledMemory(server.pid)) / 2 ** 20,
    };
  } finally {
    await load?.stop();
    await server.stop();
  }
}
