/** Programs in network namespaces of their own, with names of their own. They need root. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, run, runModule } from "./child.ts";

export const isRoot: boolean = process.getuid?.() === 0;

/** Runs a module in a new namespace, after `commands` of a shell; `hosts` stands in for /etc/hosts. */
export async function runIsolated(source: string, commands: string[], hosts = ""): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-"));
  const file = join(folder, "hosts");
  writeFileSync(file, `127.0.0.1 localhost\n${hosts}`);
  const script = ["ip link set lo up", `mount --bind ${file} /etc/hosts`, ...commands, 'exec "$@"'].join(" && ");
  try {
    return await runModule(source, { prefix: ["unshare", "--net", "--mount", "sh", "-c", script, "sh"] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Two namespaces joined by a veth pair: 10.9.0.1 and fd09::1 in `near`, 10.9.0.2 and fd09::2 in `far`. */
export interface Link {
  near: string;
  far: string;
  /** In front of a command that runs in a namespace. */
  inside(name: string): string[];
  remove(): Promise<void>;
}

async function command(line: string): Promise<void> {
  const [program, ...args] = line.split(" ");
  const { code, stderr } = await run(program!, args);
  if (code !== 0) throw new Error(`${line}: ${stderr}`);
}

export async function link(): Promise<Link> {
  const id = randomBytes(3).toString("hex");
  const near = `skn${id}`;
  const far = `skf${id}`;
  for (const name of [near, far]) await command(`ip netns add ${name}`);
  await command(`ip link add veth0 netns ${near} type veth peer name veth0 netns ${far}`);
  for (const [name, host] of [
    [near, 1],
    [far, 2],
  ]) {
    await command(`ip -n ${name} link set lo up`);
    await command(`ip -n ${name} addr add 10.9.0.${host}/24 dev veth0`);
    // Without duplicate address detection the address can be used at once.
    await command(`ip -n ${name} addr add fd09::${host}/64 dev veth0 nodad`);
    await command(`ip -n ${name} link set veth0 up`);
  }
  return {
    near,
    far,
    inside: (name) => ["ip", "netns", "exec", name],
    async remove() {
      for (const name of [near, far]) await command(`ip netns del ${name}`);
    },
  };
}
