/** RFC 8305 against a kernel that drops, refuses and delays. */
import { describe, expect, it } from "vitest";
import { isRoot, runIsolated } from "./namespace.ts";

const prelude = `
  import assert from "node:assert";
  import { readdirSync } from "node:fs";
  const descriptors = () => readdirSync("/proc/self/fd").length;
  async function timed(call) {
    const begun = performance.now();
    const [outcome] = await Promise.allSettled([call()]);
    return { ...outcome, ms: performance.now() - begun };
  }`;
const twoAddresses = ["ip -6 addr add 2001:db8::66/128 dev lo nodad"];
const hosts = "2001:db8::66 both.test\n127.0.0.1 both.test\n";
const blackHole =
  'nft "add table ip6 t; add chain ip6 t c { type filter hook input priority 0; }; add rule ip6 t c ip6 daddr 2001:db8::66 tcp dport 7 drop"';

describe.skipIf(!isRoot)("createConnection to a name with two addresses (needs root for a namespace)", () => {
  it("goes to the second after 250 ms when the first is silent, and closes the loser", async () => {
    const { stderr, code } = await runIsolated(
      `${prelude}
      const server = core.createServer({ address: "127.0.0.1", port: 7 });
      const before = descriptors();
      const { status, value, ms } = await timed(() => core.createConnection({ host: "both.test", port: 7 }));
      assert.equal(status, "fulfilled");
      assert.equal(value.getpeername().address, "127.0.0.1");
      assert(ms >= 245 && ms < 2000, String(ms));
      assert.equal(descriptors(), before + 1);
      value.close();
      server.close();`,
      [...twoAddresses, blackHole],
      hosts,
    );
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  it("goes to the second at once when the first refuses, and prefers the first where it answers", async () => {
    const { stderr, code } = await runIsolated(
      `${prelude}
      const server = core.createServer({ address: "127.0.0.1", port: 7 });
      const { value, ms } = await timed(() => core.createConnection({ host: "both.test", port: 7 }));
      assert.equal(value.getpeername().address, "127.0.0.1");
      assert(ms < 200, String(ms));
      value.close();
      const six = core.createServer({ address: "2001:db8::66", port: 7 });
      const again = await core.createConnection({ host: "both.test", port: 7 });
      assert.equal(again.getpeername().address, "2001:db8::66");
      for (const socket of [again, six, server]) socket.close();
      const from = core.createServer({ address: "127.0.0.1", port: 8 });
      const sourced = await core.createConnection({ host: "both.test", port: 8 }, { source: { address: "127.0.0.5", port: 0 } });
      assert.equal(sourced.getsockname().address, "127.0.0.5");
      for (const socket of [sourced, from]) socket.close();`,
      twoAddresses,
      hosts,
    );
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  it("lists every attempt when all fail, and leaves nothing open", async () => {
    const { stderr, code } = await runIsolated(
      `${prelude}
      const before = descriptors();
      const { status, reason } = await timed(() => core.createConnection({ host: "both.test", port: 9 }));
      assert.equal(status, "rejected");
      assert.equal(reason.code, "ECONNREFUSED");
      assert.match(reason.message, /\\[2001:db8::66\\]:9.*127\\.0\\.0\\.1:9/);
      assert.deepEqual(reason.cause.errors.map(({ address }) => address), ["2001:db8::66", "127.0.0.1"]);
      assert.equal(descriptors(), before);`,
      twoAddresses,
      hosts,
    );
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  it("is bounded by a total time, a time for each attempt, and a signal", async () => {
    const { stderr, code } = await runIsolated(
      `${prelude}
      const before = descriptors();
      const total = await timed(() => core.createConnection({ host: "both.test", port: 7 }, { timeout: 400 }));
      assert.equal(total.reason.code, "ERR_SOCKET_TIMEOUT");
      assert(total.ms >= 395 && total.ms < 2000, String(total.ms));
      const each = await timed(() => core.createConnection({ host: "both.test", port: 7 }, { attemptTimeout: 100 }));
      assert.deepEqual(each.reason.cause.errors.map(({ code }) => code), ["ERR_SOCKET_TIMEOUT", "ERR_SOCKET_TIMEOUT"]);
      assert(each.ms >= 195 && each.ms < 2000, String(each.ms));
      const controller = new AbortController();
      const aborted = timed(() => core.createConnection({ host: "both.test", port: 7 }, { signal: controller.signal }));
      setTimeout(() => controller.abort("enough"), 50);
      const { reason } = await aborted;
      assert.equal(reason.code, "ABORT_ERR");
      assert.equal(reason.cause, "enough");
      assert.equal(descriptors(), before);`,
      [
        ...twoAddresses,
        blackHole,
        'nft "add table ip u; add chain ip u c { type filter hook input priority 0; }; add rule ip u c tcp dport 7 drop"',
      ],
      hosts,
    );
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });
});
