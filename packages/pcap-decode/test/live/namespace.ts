/** Network namespaces and interfaces of this run's own; ip-netns(8), veth(4). They need root. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";

export const isRoot: boolean = process.getuid?.() === 0;

/** Runs a program to its end; what it prints. Throws with what it says on standard error. */
export function command(line: string): string {
  const [program, ...args] = line.split(" ");
  return execFileSync(program!, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** A name that no other run has; interface names have at most 15 characters. */
export function uniqueName(prefix: string): string {
  return `${prefix}${randomBytes(3).toString("hex")}`;
}
/** Namespaces that go away with `remove`. */
export class Namespaces {
  readonly #names: string[] = [];

  /** A new namespace with its loopback up. */
  create(prefix: string): string {
    const name = uniqueName(prefix);
    command(`ip netns add ${name}`);
    this.#names.push(name);
    command(`ip -n ${name} link set lo up`);
    return name;
  }

  /** Two ends of a wire; each an interface with addresses in its namespace. */
  wire(a: End, b: End): void {
    command(`ip link add ${a.device} netns ${a.namespace} type veth peer name ${b.device} netns ${b.namespace}`);
    for (const { namespace, device, addresses } of [a, b]) {
      for (const address of addresses) {
        // Without duplicate address detection the address can be used at once.
        command(`ip -n ${namespace} address add ${address} dev ${device}${address.includes(":") ? " nodad" : ""}`);
      }
      command(`ip -n ${namespace} link set ${device} up`);
    }
  }

  remove(): void {
    for (const name of this.#names.splice(0)) command(`ip netns delete ${name}`);
  }
}

/** One end of a wire. */
export interface End {
  readonly namespace: string;
  readonly device: string;
  /** With their prefixes, such as `"10.0.0.1/24"`. */
  readonly addresses: readonly string[];
}

/** In front of a command that runs in a namespace. */
export function inside(namespace: string): string[] {
  return ["ip", "netns", "exec", namespace];
}
