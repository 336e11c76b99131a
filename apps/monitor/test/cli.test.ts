import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startProcess } from "./monitor-process.ts";

const run = promisify(execFile);
const cli = (...args: string[]) =>
  run(process.execPath, ["dist/cli.js", ...args], { env: { ...process.env, NO_COLOR: "1" } });

test("the help fits a screen", async () => {
  const { stdout } = await cli("--help");
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  for (const option of ["--interface", "--host", "--port", "--snaplen"]) expect(stdout).toContain(option);
});

test("Ctrl-C ends it with 0", async () => {
  const monitor = await startProcess();
  expect((await fetch(monitor.url)).status).toBe(200);
  const { code, output } = await monitor.interrupt();
  expect(code).toBe(0);
  expect(output.split("\n").filter(Boolean)).toHaveLength(2);
});

test("a port in use is said with what to do; a bad option with what was expected", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as { port: number };
  try {
    await expect(cli("--port", String(port))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--port 0"),
    });
    await expect(cli("--snaplen", "7")).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("from 64 to"),
    });
  } finally {
    other.close();
  }
});
