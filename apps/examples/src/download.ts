/**
 * Downloads a file, and goes on where it was cut: now, or the next time it is started. The library asks for the rest
 * with Range and If-Range, so that a file that has changed meanwhile is begun again. FILE gets its name when its length
 * and its hash are right.
 *
 * Usage: download [URL] [FILE] [--sha256 HEX] [--attempts 5] [--force]
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ChunkedEncodingError, ConnectionError, http, RequestException, Timeout } from "@sockeye/http-client";
import { printable } from "./terminal/printable.ts";
import { StatusLine } from "./terminal/status-line.ts";
import { Transfer } from "./terminal/transfer.ts";

const { values, positionals } = parseArgs({
  options: {
    sha256: { type: "string" },
    attempts: { type: "string", default: "5" },
    force: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const [url = "http://127.0.0.1:8080/file", given] = positionals;
if (!URL.canParse(url)) throw new Error(`expected a URL, got ${JSON.stringify(url)}`);
const path = given ?? (basename(new URL(url).pathname) || "download");
const attempts = Number(values.attempts);
if (!Number.isInteger(attempts) || attempts < 1)
  throw new Error(`--attempts must be a whole number above 0, got ${values.attempts}`);
if (values.sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(values.sha256))
  throw new Error(`--sha256 must be 64 hexadecimal digits, got ${values.sha256}`);

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
const line = new StatusLine(process.stderr);
const transfer = new Transfer();
// Checked under this name, so that FILE is never anything but complete.
const unchecked = `${path}.unchecked`;

try {
  if (existsSync(path) && !values.force)
    throw new RequestException(`${path} is there already; --force downloads it again`);
  const { size, resumedAt, response } = await download();
  line.end();
  const given = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):/.exec(response.headers.get("repr-digest") ?? "")?.[1];
  const expected = values.sha256?.toLowerCase() ?? (given && Buffer.from(given, "base64").toString("hex"));
  const actual = await sha256(unchecked);
  if (expected !== undefined && actual !== expected) {
    await rm(unchecked);
    throw new RequestException(`The file is broken: its SHA-256 is ${actual} and should be ${expected}.`);
  }
  await rename(unchecked, path);
  const before = resumedAt > 0 ? `, the first ${resumedAt} from before` : "";
  console.log(`${path}: ${size} bytes${before}, SHA-256 ${actual}${expected === undefined ? "" : ", as it should be"}`);
} catch (error) {
  line.end();
  if (!(error instanceof RequestException)) throw error;
  const kept = existsSync(`${unchecked}.part`) ? " Start it again to go on." : "";
  console.error(`${interrupt.signal.aborted ? "Interrupted." : printable(error.message)}${kept}`);
  process.exitCode = interrupt.signal.aborted ? 130 : 1;
}

async function download(): ReturnType<typeof http.download> {
  let isBegun = false;
  for (let attempt = 1; ; attempt++) {
    try {
      return await http.download(url, unchecked, {
        signal: interrupt.signal,
        onProgress({ transferred, total }) {
          isBegun = true;
          line.show(transfer.at(transferred, total), { always: transferred === total });
        },
      });
    } catch (error) {
      const isCut = error instanceof ChunkedEncodingError;
      const mayPass = isCut || error instanceof ConnectionError || error instanceof Timeout;
      // Who has not answered yet is not there, or has another name.
      if (!isBegun || !mayPass || attempt === attempts) throw error;
      line.end();
      console.error(`${isCut ? "Cut" : "Failed"} (attempt ${attempt} of ${attempts}): ${printable(error.message)}`);
      // A moment for what has cut it to be over: 0.1 s, then twice as long each time.
      await pause(100 * 2 ** (attempt - 1), undefined, { signal: interrupt.signal }).catch(() => {});
    }
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest("hex");
}
