/** A network namespace, joined to this one by a pair of virtual Ethernet devices; ip-netns(8), veth(4). Needs root. */
import { execFileSync } from "node:child_process";

export const isRoot: boolean = process.getuid?.() === 0;

export interface Link {
  /** The device on this side, and what is on it. */
  readonly device: string;
  readonly ours: { IPv4: string; IPv6: string };
  /** The same on the other side. */
  readonly peerDevice: string;
  readonly theirs: { IPv4: string; IPv6: string };
  /** Runs what follows on the other side. */
  readonly prefix: readonly string[];
  /** Runs nft(8) on the other side. */
  nft(...args: string[]): string;
  remove(): void;
}

let links = 0;

export function createLink(): Link {
  // Other runs of these tests may have links of their own at the same time.
  const number = (process.pid * 4 + links++) & 0xffff;
  const name = `sockeye-udp-${number}`;
  const [device, peerDevice] = [`sku${number}a`, `sku${number}b`];
  const v4 = (host: number): string =>
    `198.${18 + ((number >> 15) & 1)}.${(number >> 6) & 255}.${((number & 63) << 2) + host}`;
  const v6 = (host: number): string => `fd53:${number.toString(16)}::${host}`;
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const remove = (): void => {
    try {
      run("ip", "netns", "delete", name);
    } catch {
      // It was not made.
    }
  };
  run("ip", "netns", "add", name);
  try {
    run("ip", "link", "add", device, "type", "veth", "peer", "name", peerDevice, "netns", name);
    run("ip", "address", "add", `${v4(1)}/30`, "dev", device);
    run("ip", "address", "add", `${v6(1)}/64`, "dev", device, "nodad");
    run("ip", "link", "set", device, "up");
    const there = ["netns", "exec", name, "ip"];
    run("ip", ...there, "address", "add", `${v4(2)}/30`, "dev", peerDevice);
    run("ip", ...there, "address", "add", `${v6(2)}/64`, "dev", peerDevice, "nodad");
    run("ip", ...there, "link", "set", "lo", "up");
    run("ip", ...there, "link", "set", peerDevice, "up");
    // Multicast without a route of its own.
    run("ip", ...there, "route", "add", "default", "via", v4(1));
  } catch (error) {
    remove();
    throw error;
  }
  const prefix = ["ip", "netns", "exec", name];
  return {
    device,
    peerDevice,
    ours: { IPv4: v4(1), IPv6: v6(1) },
    theirs: { IPv4: v4(2), IPv6: v6(2) },
    prefix,
    nft: (...args) => run(prefix[0]!, ...prefix.slice(1), "nft", ...args),
    remove,
  };
}
