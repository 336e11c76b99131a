import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

/** Bytes of the heap that a `receiveMany` of so many datagrams takes, in a process that collects nothing meanwhile. */
function allocatedPerCall(datagrams: number, options: object): number {
  const program = `
    const { bind, connect } = await import(${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)});
    const sink = await bind({ address: "127.0.0.1", port: 0 }, ${JSON.stringify({ ...options, batchSize: 64 })});
    const source = await connect(sink.address);
    const list = Array.from({ length: ${datagrams} }, () => ({ data: "x".repeat(100) }));
    const segments = Buffer.alloc(${datagrams} * 100);
    let allocated = 0;
    for (let round = 0; round < 3000; round++) {
      if (${"coalescing" in options}) await source.sendSegments(segments, 100);
      else await source.sendMany(list);
      const before = process.memoryUsage().heapUsed;
      const batch = await sink.receiveMany();
      let sum = 0;
      for (let i = 0; i < batch.length; i++) sum += batch.size(i) + batch.offset(i);
      const after = process.memoryUsage().heapUsed;
      if (batch.length !== ${datagrams}) throw new Error("received " + batch.length);
      // A collection in between says nothing; the first rounds are those of the compiler.
      if (round >= 2000 && after > before) allocated += after - before;
    }
    console.log(allocated / 1000);
    await Promise.all([sink.close(), source.close()]);
  `;
  const args = ["--max-semi-space-size=128", "--input-type=module", "-e", program];
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  return Number(execFileSync(process.execPath, args, { encoding: "utf8", cwd }));
}

it.each([
  ["as they come", {}],
  ["as super-packets", { coalescing: true }],
])("receiveMany makes no object for a datagram: %s", (_name, options) => {
  const few = allocatedPerCall(4, options);
  const many = allocatedPerCall(60, options);
  // The smallest object has 16 bytes; what a call makes of its own, promises above all, does not count.
  expect((many - few) / 56).toBeLessThan(8);
});
