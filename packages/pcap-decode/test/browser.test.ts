import { readFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";

const entry = join(import.meta.dirname, "../src/index.ts");

/** What a browser has and a bare context lacks. */
const globals = () => ({
  TextDecoder,
  TextEncoder,
  console,
  URL,
  ReadableStream,
  DecompressionStream,
  AbortController,
});

async function bundle(): Promise<string> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "pcap",
    target: "es2022",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const imported = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
  expect(imported.filter((path) => path.startsWith("node:"))).toEqual([]);
  return outputFiles[0]!.text;
}

test("the core bundles for the browser without Node's modules and runs in a bare context", async () => {
  const context = vm.createContext(globals());
  vm.runInContext(await bundle(), context);
  const result = await vm.runInContext(
    `(async () => {
      const { Ethernet, IPv4, UDP, DNS, stack, encodeCapture, openCapture } = pcap;
      const sent = stack(Ethernet(), IPv4({ dst: "192.0.2.53" }), UDP({ sport: 1234 }), DNS({ questions: [{ name: "example.org", type: 1, class: 1 }] }));
      const file = await encodeCapture([sent.bytes()], { format: "pcapng" });
      const seen = [];
      for await (const packet of openCapture(new ReadableStream({ start(c) { c.enqueue(file); c.close(); } }))) seen.push(packet.summary());
      return seen;
    })()`,
    context,
  );
  expect([...result]).toEqual(["Ethernet / IPv4 / UDP / DNS  127.0.0.1:1234 > 192.0.2.53:53  A example.org?"]);
});

test("a path is refused with a clear error where there are no files", async () => {
  const context = vm.createContext(globals());
  vm.runInContext(await bundle(), context);
  const message = await vm.runInContext(
    `pcap.openCapture("trace.pcap").open().catch((error) => error.message)`,
    context,
  );
  expect(message).toBe('openCapture(input): expected bytes or a stream: there are no files here, got "trace.pcap"');
});

test("gzip is read with the web's decompression", async () => {
  const context = vm.createContext(globals());
  vm.runInContext(await bundle(), context);
  const { gzipSync } = await import("node:zlib");
  const { encodeCapture } = await import("../src/container/writer.ts");
  const file = gzipSync(await encodeCapture([new Uint8Array(60), new Uint8Array(61)]));
  Object.assign(context, { file: new Uint8Array(file) });
  const lengths = await vm.runInContext(
    "pcap.openCapture([file]).toArray().then((all) => all.map((p) => p.capturedLength))",
    context,
  );
  expect([...lengths]).toEqual([60, 61]);
});

test("without generated code, as under a content security policy, everything reads the same", async () => {
  const source = await bundle();
  const program = `JSON.stringify(pcap.Packet.from(bytes, { time: 0 }))`;
  const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, "data/dns-query.bin")));
  const [allowed, forbidden] = [true, false].map((strings) => {
    const context = vm.createContext({ ...globals(), bytes }, { codeGeneration: { strings, wasm: false } });
    vm.runInContext(source, context);
    return vm.runInContext(program, context) as string;
  });
  expect(JSON.parse(allowed!).layers.map((layer: { layer: string }) => layer.layer)).toEqual([
    "Ethernet",
    "IPv4",
    "UDP",
    "DNS",
  ]);
  expect(forbidden).toBe(allowed);
});
