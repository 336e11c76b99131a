/** Imported before a program: at its end it tells the most memory that it had at a time. */
import { writeSync } from "node:fs";

process.on("exit", () => writeSync(1, `Peak memory: ${process.resourceUsage().maxRSS} KiB\n`));
