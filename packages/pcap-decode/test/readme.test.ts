import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DNS, Ethernet, encodeCapture, IPv4, stack, TCP, UDP } from "../src/index.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/```ts run\n([\s\S]*?)```/g)].map((match) => match[1]!);
const entry = join(root, "src/index.ts");
const folder = mkdtempSync(join(tmpdir(), "readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  const packets = [
    stack(
      Ethernet(),
      IPv4({ dst: "192.0.2.80" }),
      TCP({ dport: 80, flags: "PA" }),
      "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
    ),
    stack(
      Ethernet(),
      IPv4({ dst: "192.0.2.53" }),
      UDP({ sport: 5000 }),
      DNS({ questions: [{ name: "example.org", type: 1, class: 1 }] }),
    ),
  ];
  writeFileSync(
    join(folder, "trace.pcapng"),
    await encodeCapture(
      packets.map((each) => each.bytes()),
      { format: "pcapng" },
    ),
  );
});

/** These capture until somebody sends: their types are checked, and test/live runs the like. */
const live = [...readme.matchAll(/```ts live\n([\s\S]*?)```/g)].map((match) => match[1]!);

test("every TypeScript block of the README is marked to run, or as live", () => {
  expect(blocks.length + live.length).toBe([...readme.matchAll(/```ts/g)].length);
  for (const code of live) expect(code).toContain("@sockeye/pcap-decode/live");
  expect(blocks.length).toBeGreaterThan(10);
});

test.each(
  blocks.map((code, i) => [i + 1, code.split("\n").find((line) => !line.startsWith("import"))!, code] as const),
)("block %i runs", async (number, _line, code) => {
  const outfile = join(folder, `block${number}.mjs`);
  await build({
    stdin: { contents: code, loader: "ts", resolveDir: root },
    alias: { "@sockeye/pcap-decode": entry },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outfile,
    logLevel: "silent",
  });
  const printed = execFileSync(process.execPath, [outfile], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(printed).not.toContain("undefined");
});

test("every block has the types that the README promises", () => {
  const sources = join(root, "node_modules/.readme");
  mkdirSync(sources, { recursive: true });
  try {
    const files = [...blocks, ...live].map((code, i) => {
      const file = join(sources, `block${i + 1}.mts`);
      writeFileSync(file, code);
      return file;
    });
    const program = ts.createProgram(files, {
      target: ts.ScriptTarget.ES2023,
      lib: ["lib.es2024.d.ts", "lib.esnext.disposable.d.ts"],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      paths: { "@sockeye/pcap-decode": [entry], "@sockeye/pcap-decode/live": [join(root, "src/live/index.ts")] },
    });
    const messages = ts
      .getPreEmitDiagnostics(program)
      .map(
        (each) =>
          `${each.file?.fileName.split("/").at(-1)}: ${ts.flattenDiagnosticMessageText(each.messageText, "\n")}`,
      );
    expect(messages).toEqual([]);
  } finally {
    rmSync(sources, { recursive: true });
  }
}, 120_000);
