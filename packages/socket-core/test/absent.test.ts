/** Where there is no addon the import succeeds, and every use says why it cannot. */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { dist, run, runModule } from "./child.ts";

const uses = `
  import assert from "node:assert";
  const unsupported = (message) => (error) => {
    assert.equal(error.code, "ERR_UNSUPPORTED_PLATFORM");
    assert(error instanceof core.UnsupportedError);
    assert.match(error.message, message);
    return true;
  };
  async function everyUse(message) {
    assert.throws(() => new core.Socket(), unsupported(message));
    assert.throws(() => new core.Socket(2, 1), unsupported(message));
    assert.throws(() => core.createServer({ port: 0 }), unsupported(message));
    assert.throws(() => core.socketpair(), unsupported(message));
    assert.throws(() => core.ifNameIndex(), unsupported(message));
    await assert.rejects(core.createConnection({ address: "127.0.0.1", port: 1 }), unsupported(message));
    await assert.rejects(core.getaddrinfo("localhost"), unsupported(message));
    assert.equal(core.capabilities.sockets, false);
    assert(Object.values(core.capabilities).every((has) => has === false));
    assert.equal(core.htons(0x1234), 0x3412);
  }`;

it("Windows", async () => {
  const outcome = await run(process.execPath, [
    "--input-type=module",
    "--eval",
    `Object.defineProperty(process, "platform", { value: "win32" });
    const core = await import(${JSON.stringify(dist)});
    ${uses}
    await everyUse(/^@sockeye\\/socket-core has no binary for win32-/);`,
  ]);
  expect(outcome).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
});

it("Node's permission model", async () => {
  const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const outcome = await runModule(`${uses}\nawait everyUse(/permission model forbids.*--allow-addons/);`, {
    args: [flag, `--allow-fs-read=${root}*`, "--no-warnings"],
  });
  expect(outcome).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
});

it("a binary that is none", async () => {
  const outcome = await runModule(`${uses}\nawait everyUse(/could not load its binary/);`, {
    prefix: ["env", `SOCKEYE_SOCKET_CORE_ADDON=${fileURLToPath(import.meta.url)}`],
  });
  expect(outcome).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
});
