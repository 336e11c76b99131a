/** The command line of both sides. */
import { Command } from "commander";
import { findCommand } from "./cli/find-command.ts";
import { joinCommand } from "./cli/join-command.ts";
import { serveCommand } from "./cli/serve-command.ts";

const program = new Command("chat")
  .description("A line chat: one server, and clients that are terminals, pages, nc or programs.")
  .showHelpAfterError("(--help lists the options)")
  .helpCommand(false);

serveCommand(program.command("serve"));
joinCommand(program.command("join"));
findCommand(program.command("find"));

await program.parseAsync();
