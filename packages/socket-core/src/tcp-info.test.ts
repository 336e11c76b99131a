import { expect, it } from "vitest";
import { createConnection } from "./connection.ts";
import { createServer } from "./listen.ts";
import { decodeTcpInfo } from "./tcp-info.ts";

it("describes a live connection", async () => {
  const server = createServer({ address: "127.0.0.1", port: 0 });
  const client = await createConnection(server.getsockname());
  const { socket } = await server.accept();
  expect(server.options.tcpInfo().state).toBe("LISTEN");
  await client.sendAll("x".repeat(1000));
  expect((await socket.recv(2000))?.length).toBe(1000);
  const info = client.options.tcpInfo();
  expect(info).toMatchObject({ state: "ESTABLISHED", retransmits: 0, totalRetransmitted: 0, bytesSent: 1000n });
  expect(info.rtt).toBeGreaterThan(0);
  expect(info.pathMtu).toBeGreaterThanOrEqual(1280);
  expect(info.congestionWindow).toBeGreaterThan(0);
  expect(socket.options.tcpInfo().bytesReceived).toBe(1000n);
  for (const s of [client, socket, server]) s.close();
});

it("leaves out what an older kernel lacks, and reads nothing beyond the end", () => {
  for (let length = 0; length < 256; length++) decodeTcpInfo(new Uint8Array(length));
  const old = decodeTcpInfo(new Uint8Array(104));
  expect(old.rtt).toBe(0);
  expect(old.bytesSent).toBeUndefined();
  expect(decodeTcpInfo(new Uint8Array([77])).state).toBe("UNKNOWN (77)");
});
