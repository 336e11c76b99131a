/**
 * Uploads a file as a form does, straight from disk: shows its progress, then compares what the server says it got.
 *
 * Usage: upload FILE [URL]
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { file, http, RequestException } from "@sockeye/http-client";
import { printable } from "./terminal/printable.ts";
import { StatusLine } from "./terminal/status-line.ts";
import { Transfer } from "./terminal/transfer.ts";

const [path, url = "http://127.0.0.1:8080/upload"] = process.argv.slice(2);
if (path === undefined) throw new Error("expected FILE [URL]");

const line = new StatusLine(process.stderr);
const transfer = new Transfer();
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());

try {
  const response = await http.post(url, {
    files: { file: file(path) },
    signal: interrupt.signal,
    throwHttpErrors: true,
    onUploadProgress: ({ transferred, total }) =>
      line.show(transfer.at(transferred, total), { always: transferred === total }),
  });
  line.end();
  const answer = await response.json<{ files?: { name: string; size: number; sha256: string }[] }>();
  const received = answer.files?.[0];
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  if (received?.sha256 !== hash.digest("hex")) throw new RequestException("The server has received something else.");
  console.log(printable(`${received.name}: ${received.size} bytes, received as they were sent`));
} catch (error) {
  line.end();
  if (!(error instanceof RequestException) && !(error instanceof TypeError)) throw error;
  console.error(interrupt.signal.aborted ? "Interrupted." : printable(error.message));
  process.exitCode = interrupt.signal.aborted ? 130 : 1;
}
