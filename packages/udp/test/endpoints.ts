/** Endpoints that are closed when the test is over. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address, BindAddress, HostAddress, InetAddress } from "@sockeye/socket-core";
import { onTestFinished } from "vitest";
import { bind, type ConnectOptions, connect, type Endpoint, type EndpointOptions } from "../src/index.ts";

export async function bound(address: BindAddress, options?: EndpointOptions): Promise<Endpoint> {
  const endpoint = await bind(address, options);
  onTestFinished(() => endpoint.close({ timeout: 0 }));
  return endpoint;
}

export async function connected(address: Address | HostAddress, options?: ConnectOptions): Promise<Endpoint> {
  const endpoint = await connect(address, options);
  onTestFinished(() => endpoint.close({ timeout: 0 }));
  return endpoint;
}

/** Ways to reach an endpoint: where to bind, and what another one must be bound to in order to talk to it. */
export const families = ["IPv4", "IPv6", "Unix path", "Unix abstract name"] as const;
export type Family = (typeof families)[number];

let names = 0;
export function unusedPath(): string {
  const path = join(tmpdir(), `sockeye-udp-${process.pid}-${names++}-${randomBytes(4).toString("hex")}`);
  onTestFinished(() => rmSync(path, { force: true }));
  return path;
}

export function loopback(family: Family): BindAddress {
  if (family === "IPv4") return { address: "127.0.0.1", port: 0 };
  if (family === "IPv6") return { address: "::1", port: 0 };
  return { path: family === "Unix path" ? unusedPath() : `\0sockeye-udp-${process.pid}-${names++}` };
}

/** A bound endpoint and one that is connected to it, with an address of its own. */
export async function pair(
  family: Family = "IPv4",
  options: EndpointOptions = {},
  clientOptions: EndpointOptions = {},
): Promise<{ server: Endpoint; client: Endpoint }> {
  const server = await bound(loopback(family), options);
  const client = await connected(server.address, { ...clientOptions, source: loopback(family) });
  return { server, client };
}

export function portOf(endpoint: Endpoint): number {
  return (endpoint.address as InetAddress).port;
}

/** A port of the loopback on which nobody listens: it was free a moment ago. */
export async function closedPort(address = "127.0.0.1"): Promise<number> {
  const endpoint = await bind({ address, port: 0 });
  const port = portOf(endpoint);
  await endpoint.close();
  return port;
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string; index?: number }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was expected to reject");
}
