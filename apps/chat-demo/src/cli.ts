/** The command line of both sides. */
import { Command, InvalidArgumentError } from "commander";
import { hostOption, portOption } from "./cli/options.ts";
import { serveCommand } from "./cli/serve-command.ts";
import { join } from "./client.ts";
import { checkName } from "./protocol/name.ts";

function name(text: string): string {
  const result = checkName(text.startsWith("#") ? text.slice(1) : text);
  if ("problem" in result) throw new InvalidArgumentError(`${result.problem}.`);
  return result.name;
}

const program = new Command("chat")
  .description("A line chat: one server, and clients that are terminals, nc or programs.")
  .showHelpAfterError("(--help lists the options)")
  .helpCommand(false);

serveCommand(program.command("serve"));

program
  .command("join")
  .description("chat in this terminal")
  .option("--nick <name>", "your name; without it you are a guest", name)
  .option("--room <room>", "the room to go to, instead of the lobby", name)
  .addOption(hostOption("where the server is"))
  .addOption(portOption(1))
  .action(join);

await program.parseAsync();
