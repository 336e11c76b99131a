/** The command line of the search for servers. */
import { type Command, Option } from "commander";
import { find } from "../discovery/find.ts";
import { integer } from "./options.ts";

/** Makes a command the one that looks for servers. */
export function findCommand(command: Command): void {
  command
    .description("list the chats on this network")
    .addOption(new Option("--wait <ms>", "how long to wait for answers").default(1_000).argParser(integer(1, 60_000)))
    .action(find);
}
