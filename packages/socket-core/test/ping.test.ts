/** Ping sockets, icmp(7): DGRAM with IPPROTO_ICMP needs no privilege where ping_group_range allows it. */
import { describe, expect, it } from "vitest";
import { runModule } from "./child.ts";
import { isRoot } from "./namespace.ts";

describe.skipIf(!isRoot)("ping sockets (need root to set ping_group_range in a network namespace)", () => {
  it("ping without privilege, where a raw socket is refused", async () => {
    const script = `
      import assert from "node:assert";
      assert.throws(() => new core.Socket(core.AF_INET, core.SOCK_RAW, core.IPPROTO_ICMP), { code: "EPERM" });
      assert.throws(() => new core.Socket(core.AF_PACKET, core.SOCK_RAW, 0), { code: "EPERM" });
      for (const [family, protocol, address, type] of [
        [core.AF_INET, core.IPPROTO_ICMP, "127.0.0.1", 8],
        [core.AF_INET6, core.IPPROTO_ICMPV6, "::1", 128],
      ]) {
        const socket = new core.Socket(family, core.SOCK_DGRAM, protocol);
        await socket.sendto(Buffer.from([type, 0, 0, 0, 0, 0, 0, 1, 42]), { address, port: 0 });
        const { data } = await socket.recvfrom(100, { timeout: 5000 });
        console.log(data[0], data[8]);
        socket.close();
      }`;
    const inNamespace = 'ip link set lo up && echo "0 65534" > /proc/sys/net/ipv4/ping_group_range && exec "$@"';
    const prefix = ["unshare", "--net", "sh", "-c", inNamespace, "sh"];
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const outcome = await runModule(script, { prefix: [...prefix, ...nobody] });
    expect(outcome).toMatchObject({ code: 0, stderr: "", stdout: "0 42\n129 42\n" });
  });
});
