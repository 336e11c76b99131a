import { once } from "node:events";
import { connect } from "node:net";
import { Writable } from "node:stream";
import type { InetAddress } from "@sockeye/socket-core";
import pino from "pino";
import { expect, it } from "vitest";
import { startChat } from "./server.ts";

/** Resolves when nobody is left; each turn of the loop is a look. */
async function empty(chat: { readonly size: number }): Promise<void> {
  while (chat.size > 0) await new Promise((resolve) => setImmediate(resolve));
}

it("says nothing about a client that vanishes while it is spoken to", async () => {
  const log: string[] = [];
  const written = new Writable({
    write(line, _encoding, done) {
      log.push(String(line));
      done();
    },
  });
  const chat = await startChat({ address: "127.0.0.1", port: 0, log: pino(written) });
  const { port } = chat.address as InetAddress;
  for (let i = 0; i < 20; i++) {
    const client = connect(port, "127.0.0.1");
    await once(client, "data");
    client.write("/who\n".repeat(50));
    client.resetAndDestroy();
  }
  await empty(chat);
  await chat.close("the test is over");
  expect(log).toEqual([]);
});
