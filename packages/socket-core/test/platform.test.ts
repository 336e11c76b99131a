/** A platform that has no binary. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { packageFolder, run } from "./child.ts";

it("the import succeeds without a binary, and every use says what is missing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-platform-"));
  try {
    mkdirSync(join(folder, "dist"));
    cpSync(join(packageFolder, "dist/index.js"), join(folder, "dist/index.mjs"));
    const url = pathToFileURL(join(folder, "dist/index.mjs")).href;
    const source = `
      delete process.env.SOCKEYE_SOCKET_CORE_ADDON;
      const core = await import(${JSON.stringify(url)});
      const uses = [
        () => new core.Socket(),
        () => core.Socket.fromFd(0),
        () => core.createServer({ port: 0 }),
        () => core.createConnection({ address: "127.0.0.1", port: 80 }),
        () => core.createConnection({ path: "/x" }),
      ];
      for (const use of uses) {
        try {
          await use();
        } catch (error) {
          console.log(error.name, error.code, error.message.startsWith("@sockeye/socket-core has no binary for ${process.platform}-"));
        }
      }
      console.log(core.AF_INET);`;
    const outcome = await run(process.execPath, ["--input-type=module", "--eval", source]);
    const line = "UnsupportedError ERR_UNSUPPORTED_PLATFORM true\n";
    expect(outcome).toMatchObject({ code: 0, stderr: "", stdout: `${line.repeat(5)}-1\n` });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
