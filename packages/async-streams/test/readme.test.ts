import { join } from "node:path";
import { createServer } from "@sockeye/socket-core";
import { describe, expect, it } from "vitest";
import { type ReadmeBlock, readmeBlocks, readmeProblems, runReadmeBlock } from "../../../readme.shared.ts";
import { hasOpenssl, makeCertificates } from "./certificates.ts";

const folder = join(import.meta.dirname, "..");
const root = join(folder, "../..");

const certificates = hasOpenssl ? makeCertificates() : undefined;

/** READMEs name one port, and files that only tests can make; tests may not name a port. */
function runnable(block: ReadmeBlock): ReadmeBlock {
  const listener = createServer({ port: 0 });
  const { port } = listener.getsockname() as { port: number };
  listener.close();
  const files = {
    "server-key.pem": certificates?.server.keyFile,
    "server.pem": certificates?.server.certFile,
    "ca.pem": certificates?.caFile,
  };
  let code = block.code.replaceAll("8888", String(port));
  for (const [name, file] of Object.entries(files)) code = code.replaceAll(`"${name}"`, JSON.stringify(file));
  return { ...block, code };
}

/** What the comments behind the `console.log`s of a block say. */
function promised({ code }: ReadmeBlock): string[] {
  return [...code.matchAll(/console\.log\(.*\/\/ (?:"(.*)"|(null).*|(.*))$/gm)].map((m) => m[1] ?? m[2] ?? m[3] ?? "");
}

it("compiles the README's code", () => {
  expect(readmeProblems(folder)).toEqual([]);
});

describe("the README's code does what its comments say", () => {
  // Without openssl there are no certificates.
  const blocks = readmeBlocks(folder).filter(({ code }) => hasOpenssl || !code.includes(".pem"));

  it.each(blocks.map((block) => [block.line, block] as const))("in line %i", async (_line, block) => {
    const expected = promised(block);
    expect(expected.length).toBeGreaterThan(0);
    expect(await runReadmeBlock(folder, runnable(block))).toEqual({
      status: 0,
      stdout: `${expected.join("\n")}\n`,
      stderr: "",
    });
  });
});

it("runs the example of the repository's front page", async () => {
  const block = readmeBlocks(root)[0]!;
  expect(block.code).toContain("@sockeye/async-streams");
  expect(await runReadmeBlock(folder, runnable(block))).toEqual({
    status: 0,
    stdout: `${promised(block).join("\n")}\n`,
    stderr: "",
  });
});
