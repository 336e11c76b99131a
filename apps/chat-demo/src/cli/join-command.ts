/** The command line of the terminal client. */
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { checkName } from "../protocol/name.ts";
import { join } from "../terminal/client.ts";
import { hostOption, portOption } from "./options.ts";

function name(text: string): string {
  const result = checkName(text.startsWith("#") ? text.slice(1) : text);
  if ("problem" in result) throw new InvalidArgumentError(`${result.problem}.`);
  return result.name;
}

/** Makes a command the one that chats in a terminal. */
export function joinCommand(command: Command): void {
  command
    .description("chat in this terminal")
    .option("--nick <name>", "your name; without it you are a guest", name)
    .option("--room <room>", "the room to go to, instead of the lobby", name)
    .addOption(hostOption("where the server is"))
    .addOption(portOption(1))
    .option("--tls", "encrypted, to a server with a certificate that is trusted")
    .option("--tls-ca <file>", "trust the certificates in this file (PEM), with --tls")
    .addHelpText("after", "\nA password is asked for, or taken from SOCKEYE_CHAT_PASSWORD.")
    .action(({ tlsCa, tls, ...options }) =>
      join({
        ...options,
        password: process.env.SOCKEYE_CHAT_PASSWORD,
        tls: tlsCa === undefined ? tls : { ca: certificates(tlsCa, command) },
      }),
    );
}

function certificates(path: string, command: Command): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    return command.error(`error: --tls-ca ${path} cannot be read: ${(error as Error).message}`);
  }
}
