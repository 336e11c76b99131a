/** netcat on the other end. */
import { spawn, spawnSync } from "node:child_process";
import { on } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { openConnection } from "../src/connect.ts";
import { startServer } from "../src/server.ts";
import { readToEnd, temporaryPath } from "./pairs.ts";

/** OpenBSD's netcat: `-N` ends its half when its input ends. */
const hasNetcat = /-N/.test(spawnSync("nc", ["-h"], { encoding: "utf8" }).stderr ?? "");

function netcat(...args: (string | number)[]): ReturnType<typeof spawn> & { output: Promise<string> } {
  const child = spawn("nc", args.map(String), { stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return Object.assign(child, { output: text(child.stdout) });
}

describe.runIf(hasNetcat)("nc (needs netcat)", () => {
  it.each(["tcp", "unix"])("as a client of our server over %s", async (kind) => {
    const server = await startServer(
      kind === "unix" ? { path: temporaryPath() } : { address: "127.0.0.1", port: 0 },
      async ({ reader, writer }) => {
        let count = 0;
        for await (const line of reader) await writer.write(`${++count}: ${line}\n`);
        await writer.write(`${count} lines\n`);
      },
    );
    onTestFinished(() => server.close());
    const { address } = server;
    const client = "path" in address ? netcat("-N", "-U", address.path) : netcat("-N", address.address, address.port);
    client.stdin!.end("one\n\nthree\r\nlast");
    expect(await client.output).toBe("1: one\n2: \n3: three\n4: last\n4 lines\n");
  });

  it("as a server of our client", async () => {
    const path = temporaryPath();
    const server = netcat("-v", "-N", "-l", "-U", path);
    for await (const [text] of on(server.stderr!, "data")) if (String(text).includes("Listening")) break;
    const connection = await openConnection({ path });
    onTestFinished(() => connection.abort());
    await connection.writer.write("from us\n");
    server.stdin!.end("from nc\n");
    expect((await readToEnd(connection)).toString()).toBe("from nc\n");
    await connection.close();
    expect(await server.output).toBe("from us\n");
  });
});
