import { bind } from "@sockeye/udp";
import { afterEach, expect, it } from "vitest";
import {
  BEACON_GROUP,
  BEACON_PORT,
  type Beacon,
  formatQuery,
  MAX_BEACON_SIZE,
  parseBeacon,
} from "../src/protocol/beacon.ts";
import { ChatProcess } from "./chat-process.ts";
import { endPrograms } from "./program.ts";

afterEach(endPrograms);

/** Asks on the loopback until the server with this port has answered. */
async function find(port: number): Promise<Beacon> {
  const nonce = "0123456789abcdef";
  const endpoint = await bind({ address: "127.0.0.1", port: 0 });
  endpoint.multicast.setInterface("lo");
  const group = { address: BEACON_GROUP, port: BEACON_PORT };
  try {
    // What is no query is passed over, and the next one is answered all the same.
    await endpoint.send("no query", group);
    await endpoint.send("x".repeat(2 * MAX_BEACON_SIZE), group);
    await endpoint.send(formatQuery(nonce), group);
    for await (const { data } of endpoint) {
      const beacon = parseBeacon(data.toString(), nonce);
      if (beacon?.port === port) return beacon;
    }
    throw new Error("The endpoint was closed");
  } finally {
    await endpoint.close();
  }
}

it("tells who looks for chats where they are, of two servers on one machine too", async () => {
  const flags = ["--host", "0.0.0.0", "--name", "den"];
  const [one, two] = [await ChatProcess.start(...flags), await ChatProcess.start(...flags, "--password", "secret")];
  const nc = one.nc();
  await nc.line(/^-- Welcome/);
  const facts = { name: "den", tls: false };
  expect(await find(one.port)).toEqual({ ...facts, port: one.port, webPort: one.webPort, password: false, people: 1 });
  expect(await find(two.port)).toEqual({ ...facts, port: two.port, webPort: two.webPort, password: true, people: 0 });
  expect(await one.kill("SIGTERM")).toEqual({ code: 0, signal: null });
});
