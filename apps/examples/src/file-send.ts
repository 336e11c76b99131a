/**
 * Sends a file to `file-receive`; goes on where it stopped when the connection is cut.
 *
 * Usage: file-send PORT FILE [--host HOST] [--name NAME] [--tls] [--ca FILE]
 */
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Connection, IncompleteReadError, openConnection } from "@sockeye/async-streams";
import { SocketError } from "@sockeye/socket-core";
import { formatBytes, Progress } from "./file-transfer/progress.ts";
import { type Sent, sendFile } from "./file-transfer/send-file.ts";
import { portArgument } from "./terminal/port.ts";

/** The pause before another try, in milliseconds: twice as long after each that moved nothing. */
const FIRST_PAUSE = 250;
/** So many tries that move nothing, one after the other, are enough. */
const TRIES = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: "string", default: "127.0.0.1" },
    name: { type: "string" },
    tls: { type: "boolean", default: false },
    ca: { type: "string" },
  },
});
const [givenPort, path] = positionals;
const port = portArgument(givenPort, 7000);
if (path === undefined) throw new TypeError("expected PORT FILE");
const name = values.name ?? basename(path);
const tls = values.ca === undefined ? values.tls : { ca: readFileSync(values.ca) };

const interrupted = new AbortController();
const { signal } = interrupted;
process.on("SIGINT", () => interrupted.abort());

let position = 0;
let isKnown = false;

/** One try, over a connection of its own. */
async function attempt(file: Awaited<ReturnType<typeof open>>, size: number): Promise<Sent> {
  const connection: Connection = await openConnection({ host: values.host, port }, { timeout: 10_000, signal, tls });
  isKnown = true;
  let progress: Progress | undefined;
  try {
    const sent = await sendFile(connection, file, {
      name,
      size,
      signal,
      onProgress(_offer, from) {
        progress = new Progress(name, size, from, process.stderr);
        return (now) => {
          position = now;
          progress?.update(now);
        };
      },
    });
    await connection.close();
    return sent;
  } catch (error) {
    connection.abort();
    throw error;
  } finally {
    progress?.end();
  }
}

/** What another try may mend. */
function isCut(error: unknown): boolean {
  return error instanceof SocketError || error instanceof IncompleteReadError;
}

const file = await open(path);
try {
  const status = await file.stat();
  if (!status.isFile()) throw new TypeError(`${path} is not a file`);
  const { size } = status;
  let reached = 0;
  for (let failures = 0; ; ) {
    try {
      const { from, sha256 } = await attempt(file, size);
      const before = from === 0 ? "" : `, of which ${formatBytes(from)} were there`;
      console.log(`Sent ${name}, ${formatBytes(size)}${before}, SHA-256 ${sha256}`);
      break;
    } catch (error) {
      if (signal.aborted) {
        console.error(
          `Interrupted at ${formatBytes(position)} of ${formatBytes(size)}; the same command goes on there`,
        );
        process.exitCode = 130;
        break;
      }
      failures = position > reached ? 1 : failures + 1;
      reached = Math.max(reached, position);
      if (!isKnown || !isCut(error) || failures === TRIES) throw error;
      console.error(`The connection was cut (${(error as Error).message}); trying again`);
      await pause(FIRST_PAUSE * 2 ** (failures - 1), undefined, { signal }).catch(() => {});
    }
  }
} finally {
  await file.close();
}
