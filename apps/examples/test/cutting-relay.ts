/** A relay between a client and a server that cuts connections in the middle. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { onTestFinished } from "vitest";

/** What a relay tells. */
export interface Relay {
  port: string;
  /** Bytes from the client to the server, one number a connection. */
  forwarded: number[];
}

/** Passes connections on to a port; the n-th is reset after `cuts[n]` bytes of the client's. */
export async function cuttingRelay(target: string, cuts: readonly number[]): Promise<Relay> {
  const forwarded: number[] = [];
  const server = createServer((inner) => {
    const index = forwarded.push(0) - 1;
    const cut = cuts[index] ?? Number.POSITIVE_INFINITY;
    const outer = connect(Number(target), "127.0.0.1");
    const end = (): void => {
      inner.resetAndDestroy();
      outer.resetAndDestroy();
    };
    inner.on("error", end);
    outer.on("error", end);
    outer.pipe(inner);
    inner.on("end", () => outer.end());
    inner.on("data", (data: Buffer) => {
      const left = cut - forwarded[index]!;
      const part = data.subarray(0, left);
      forwarded[index]! += part.length;
      // What goes before the cut has to arrive: a reset could overtake it.
      const isFlowing = outer.write(part, () => {
        if (part.length === left) inner.destroy();
        if (part.length === left) outer.end();
      });
      if (isFlowing) return;
      inner.pause();
      outer.once("drain", () => inner.resume());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { port: String((server.address() as AddressInfo).port), forwarded };
}
