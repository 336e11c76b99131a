import { openCapture, TCP } from "@sockeye/pcap-decode";
import { afterEach, describe, expect, it } from "vitest";
import { ChatProcess } from "./chat-process.ts";
import { FrameClient } from "./frame-client.ts";
import { endPrograms } from "./program.ts";

afterEach(endPrograms);

const root = process.getuid?.() === 0 && process.platform === "linux";
if (!root) console.log("The Wire view is not tested: capturing needs Linux and root");

/** What the server has sent so far, decoded. */
async function packetsOf(client: FrameClient) {
  const file = Buffer.concat(client.binary);
  const packets = await openCapture(new Blob([file]).stream()).toArray();
  return packets.map((packet) => ({
    tcp: packet.require(TCP),
    text: Buffer.from(packet.require(TCP).payload).toString(),
  }));
}

async function untilShown(client: FrameClient, text: string): Promise<void> {
  while (!Buffer.concat(client.binary).includes(text)) await client.change(`${text} was not shown`);
}

describe.skipIf(!root)("the Wire view (needs root)", () => {
  it("shows what is said as a pcapng that grows, and not itself", async () => {
    const server = await ChatProcess.start();
    const page = (await FrameClient.webSocket(server.webPort)).hello({ nick: "eye" });
    expect((await page.next("welcome")).features.wire).toBe(true);
    page.send({ type: "wire", on: true });
    expect(await page.next("wire")).toEqual({ type: "wire", state: "on" });
    const nc = server.nc();
    await nc.line(/^-- Welcome/);
    for (let i = 0; i < 10; i++) {
      nc.type(`seen on the wire ${i}`);
      await untilShown(page, `seen on the wire ${i}`);
    }
    // What the watcher says is shown too, masked as browsers have to.
    page.say("I see");
    await nc.line(/: I see$/);
    await untilShown(page, ": I see\n");
    const packets = await packetsOf(page);
    expect(packets.some(({ text }) => text.startsWith("seen on the wire 0\n"))).toBe(true);
    const ports = new Set(packets.flatMap(({ tcp }) => [tcp.sport, tcp.dport]));
    expect(ports).toContain(server.port);
    for (const { tcp } of packets) {
      // Nothing goes from the web port to the only browser.
      if (tcp.sport === server.webPort) throw new Error("The view shows itself");
      if (tcp.dport === server.webPort) expect(tcp.payload.length).toBeGreaterThan(0);
    }
    page.send({ type: "wire", on: false });
    expect(await page.next("wire")).toEqual({ type: "wire", state: "off" });
    await page.close();
  });

  it("takes a filter, and begins a new file with another one", async () => {
    const server = await ChatProcess.start();
    const page = (await FrameClient.webSocket(server.webPort)).hello({ nick: "eye" });
    page.send({ type: "wire", on: true, filter: "tcp port" });
    expect(await page.next("wire")).toMatchObject({
      state: "refused",
      reason: expect.stringMatching(/column|syntax/i),
    });
    page.send({ type: "wire", on: true, filter: `tcp src port ${server.port}` });
    expect(await page.next("wire")).toMatchObject({ state: "on" });
    const nc = server.nc();
    await untilShown(page, "Welcome, ");
    nc.type("hidden");
    nc.type("/me waves");
    await untilShown(page, "waves");
    const packets = await packetsOf(page);
    expect(packets.map(({ tcp }) => tcp.sport)).toEqual(packets.map(() => server.port));
    expect(packets.some(({ text }) => text.includes("hidden"))).toBe(false);
    page.binary.length = 0;
    page.send({ type: "wire", on: true });
    await page.next("wire");
    nc.type("not hidden");
    await untilShown(page, "not hidden");
    expect((await packetsOf(page)).length).toBeGreaterThan(0);
    await page.close();
  });

  it("says what right is missing", async () => {
    const server = await ChatProcess.startWith(["setpriv", "--bounding-set", "-net_raw"]);
    const page = (await FrameClient.webSocket(server.webPort)).hello({ nick: "eye" });
    page.send({ type: "wire", on: true });
    expect(await page.next("wire")).toEqual({
      type: "wire",
      state: "refused",
      reason: expect.stringMatching(/CAP_NET_RAW.*setcap/),
    });
    await page.close();
  });
});

it.each([
  [["--no-wire"], false],
  [["--password", "secret"], false],
  [["--host", "0.0.0.0"], false],
  [["--host", "0.0.0.0", "--wire"], true],
])("is there with %j: %s", async (flags, wire) => {
  const server = await ChatProcess.start(...flags);
  const page = (await FrameClient.webSocket(server.webPort)).hello({ password: "secret" });
  expect((await page.next("welcome")).features.wire).toBe(wire);
  if (!wire) {
    page.send({ type: "wire", on: true });
    expect(await page.next("wire")).toMatchObject({ state: "refused", reason: expect.stringMatching(/--wire/) });
  }
  await page.close();
});

it("is not for JSON lines", async () => {
  const server = await ChatProcess.start();
  const client = (await FrameClient.jsonLines(server.port)).hello().send({ type: "wire", on: true });
  expect(await client.next("wire")).toMatchObject({ state: "refused", reason: expect.stringMatching(/WebSocket/) });
  await client.close();
});
