import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { PYTHON } from "./peer.ts";

/** What Python requests makes of these cases. */
export async function askRequests<T>(cases: object): Promise<T[]> {
  const child = spawn(PYTHON, [fileURLToPath(new URL("requests-oracle.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  child.stdin.end(JSON.stringify(cases));
  const output = await text(child.stdout);
  const [code] = await exited;
  if (code !== 0) throw new Error(`requests-oracle.py ended with ${code}`);
  return JSON.parse(output) as T[];
}
