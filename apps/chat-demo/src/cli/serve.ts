/** `chat serve`: runs the server in a terminal. */
import { networkInterfaces } from "node:os";
import { type InetAddress, SocketError } from "@sockeye/socket-core";
import type { Limits } from "../hub/limits.ts";
import { type Chat, startChat } from "../server.ts";
import { fail } from "./fail.ts";
import { onInterrupt } from "./interrupt.ts";
import { DEFAULT_HOST, DEFAULT_PORT } from "./place.ts";

export interface ServeOptions {
  host: string;
  port: number;
  limits: Partial<Limits>;
}

/** Runs the chat until it is interrupted. */
export async function serve({ host, port, limits }: ServeOptions): Promise<void> {
  let chat: Chat;
  try {
    chat = await startChat({ address: host, port, limits, onLog: (line) => console.error(line) });
  } catch (error) {
    return fail(whyNot(error, host, port), error);
  }
  console.log(banner(chat.address as InetAddress));
  onInterrupt(
    () => {
      console.log("Saying goodbye. Ctrl-C again to end at once.");
      void chat.close("the server is closing");
    },
    () => process.exit(130),
  );
}

function whyNot(error: unknown, host: string, port: number): string | undefined {
  const { code } = error as { code?: unknown };
  if (code === "EADDRINUSE") {
    return `Port ${port} of ${host} is taken. Choose another with --port, or stop the program that has it.`;
  }
  if (code === "EACCES") return `Port ${port} needs more rights. Choose one from 1024 on with --port.`;
  if (code === "EADDRNOTAVAIL") return `${host} is no address of this machine. Choose one with --host.`;
  if (error instanceof RangeError || error instanceof TypeError) return `--host ${host}: ${error.message}`;
  return error instanceof SocketError ? error.message : undefined;
}

/** How to join, for people on this machine and, where they can, on others. */
function banner({ address, port }: InetAddress): string {
  const everywhere = address === "0.0.0.0" || address === "::";
  const here = everywhere ? (address === "::" ? "::1" : DEFAULT_HOST) : address;
  const hosts = [here];
  if (everywhere) {
    for (const list of Object.values(networkInterfaces())) {
      for (const { address: other, family, internal } of list ?? []) {
        if (!internal && family === "IPv4" && address === "0.0.0.0") hosts.push(other);
      }
    }
  }
  const flags = [
    ...(here === DEFAULT_HOST ? [] : [`--host ${here}`]),
    ...(port === DEFAULT_PORT ? [] : [`--port ${port}`]),
  ];
  return [
    `The chat is on ${address.includes(":") ? `[${address}]` : address}:${port}. Join it from another terminal:`,
    "",
    `  npm run chat -- ${["--nick ada", ...flags].join(" ")}`,
    ...hosts.map((host) => `  nc ${host} ${port}`),
    "",
    "Ctrl-C ends it.",
  ].join("\n");
}
