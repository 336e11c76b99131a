/** The tarball that would be published, installed without a network into an empty project outside the repository. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageFolder, run } from "./child.ts";

const root = join(packageFolder, "../..");
const pnpm = join(root, "node_modules/.bin/pnpm");
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const folder = mkdtempSync(join(tmpdir(), "sockeye-pack-"));
let tarball: string;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function succeed(command: string, args: string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, { cwd, timeout: 60_000 });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(async () => {
  const packed = await succeed(pnpm, ["pack", "--json", "--pack-destination", folder], packageFolder);
  tarball = JSON.parse(packed).filename;
}, 90_000);

const body = `
const server = createServer({ address: "127.0.0.1", port: 0 });
const running = serve(server, async ({ socket }) => {
  for await (const chunk of socket.chunks()) await socket.sendAll(chunk);
});
const socket = new Socket(AF_INET, SOCK_STREAM);
socket.connect(running.address as never)
  .then(() => socket.sendAll("hello"))
  .then(() => socket.recv())
  .then((data) => {
    console.log(String(data));
    socket.close();
    return running.close();
  });
`;
const names = "{ AF_INET, createServer, serve, SOCK_STREAM, Socket }";
const plain = body.replace(" as never", "");

describe.each([
  ["npm", "npm", ["install", "--offline", "--no-audit", "--no-fund", "--foreground-scripts"]],
  ["pnpm", pnpm, ["add", "--offline"]],
])("installed with %s", (name, command, args) => {
  const project = join(folder, name);

  beforeAll(async () => {
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", private: true }));
    await succeed(command, [...args, tarball], project);
  }, 90_000);

  it("has no script that runs at install, and nothing that npm would build", () => {
    const installed = join(project, "node_modules/@sockeye/socket-core");
    const { scripts, dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    expect(Object.keys(scripts).filter((script) => /install|prepare/.test(script))).toEqual([]);
    expect(dependencies).toBe(undefined);
    expect(() => readFileSync(join(installed, "binding.gyp"))).toThrow(/ENOENT/);
  });

  it("works from a module", async () => {
    writeFileSync(join(project, "main.mjs"), `import ${names} from "@sockeye/socket-core";${plain}`);
    expect(await succeed(process.execPath, ["main.mjs"], project)).toBe("hello\n");
  });

  it("works from require()", async () => {
    writeFileSync(join(project, "main.cjs"), `const ${names} = require("@sockeye/socket-core");${plain}`);
    expect(await succeed(process.execPath, ["main.cjs"], project)).toBe("hello\n");
  });

  it("has types", async () => {
    writeFileSync(join(project, "main.mts"), `import ${names} from "@sockeye/socket-core";${body}`);
    const wrong = 'import { Socket } from "@sockeye/socket-core"; const n: number = new Socket().recv();';
    writeFileSync(join(project, "wrong.mts"), wrong);
    const types = ["--types", "node", "--typeRoots", join(packageFolder, "node_modules/@types")];
    const options = ["--noEmit", "--strict", "--target", "es2023", "--module", "nodenext", ...types];
    const { stdout } = await run(process.execPath, [tsc, ...options, "main.mts", "wrong.mts"], {
      cwd: project,
      timeout: 90_000,
    });
    expect(stdout.trim()).toMatch(/^wrong\.mts\(1,54\): error TS2322: [^\n]*$/);
  }, 90_000);
});
