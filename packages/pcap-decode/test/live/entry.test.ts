/** The two entry points as they are built: what they share, and what the main one must not have. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dist, startModule } from "./child.ts";
import { isRoot } from "./namespace.ts";

test.skipIf(!isRoot)("a packet that was sniffed has the main entry's class and its layers, needs root", async () => {
  const child = await startModule(`
    import { createSocket } from "node:dgram";
    const Probe = main.defineLayer({ name: "Probe", fields: { value: main.u8() } });
    main.bindLayer(main.UDP, 40406, Probe);
    const sniffer = live.sniff({ interface: "lo", filter: "udp port 40406", count: 1, timeout: 20000 });
    const socket = createSocket("udp4");
    socket.send(Uint8Array.of(42), 40406, "127.0.0.1");
    for await (const packet of sniffer) {
      console.log(packet instanceof main.Packet, packet.has(main.UDP), packet.get(Probe)?.value);
      const file = await main.encodeCapture([packet], { format: "pcapng" });
      for (const again of main.readCapture(file)) console.log(again.interface.name, again.time.ns === packet.time.ns);
    }
    socket.close();
  `);
  expect(await child.ended).toEqual({ code: 0, stderr: "", stdout: "true true 42\nlo true\n" });
});

test("the main entry asks for neither Node's modules nor socket-core", () => {
  const seen = new Set<string>();
  const pending = ["index.js"];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const source = readFileSync(join(dist, name), "utf8");
    for (const [, target] of source.matchAll(/^(?:import|export)\b[^;]*?\bfrom ['"]([^'"]+)['"]/gm)) {
      expect(target).toMatch(/^\.\/[\w-]+\.js$/);
      pending.push(target!.slice(2));
    }
  }
  expect(seen.size).toBeGreaterThan(1);
});
