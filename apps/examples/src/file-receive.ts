/**
 * Receives files from `file-send` into a folder; what a cut connection has left goes on with the next try.
 *
 * Usage: file-receive [PORT=7000] [FOLDER=.] [--host ADDRESS] [--cert FILE --key FILE] [--max-size BYTES]
 */
import { accessSync, constants, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type ServerTlsOptions, startServer } from "@sockeye/async-streams";
import { MAX_SIZE, MAX_TRANSFERS } from "./file-transfer/limits.ts";
import { RefusedError } from "./file-transfer/messages.ts";
import { formatBytes, Progress } from "./file-transfer/progress.ts";
import { Receiver } from "./file-transfer/receiver.ts";
import { portArgument } from "./terminal/port.ts";
import { printable } from "./terminal/printable.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: "string", default: "127.0.0.1" },
    cert: { type: "string" },
    key: { type: "string" },
    "max-size": { type: "string", default: String(MAX_SIZE) },
  },
});
const [givenPort, folder = "."] = positionals;
const port = portArgument(givenPort, 7000);
const { host, cert, key } = values;
const maxSize = Number(values["max-size"]);
if (!Number.isSafeInteger(maxSize) || maxSize < 0) throw new RangeError("--max-size is a number of bytes");
if ((cert === undefined) !== (key === undefined)) throw new TypeError("--cert and --key go together");
const tls: ServerTlsOptions | undefined =
  cert === undefined || key === undefined ? undefined : { cert: readFileSync(cert), key: readFileSync(key) };

// A folder that is not there is better known now than at the first file.
accessSync(folder, constants.W_OK);
const receiver = new Receiver({ folder, maxSize });
/** Two bars would write over each other: the second transfer has lines. */
let isBarTaken = false;

const server = await startServer(
  { address: host, port },
  {
    maxConnections: MAX_TRANSFERS,
    // It may quote what the peer has sent.
    onError: (error) => console.error("A transfer has failed:", printable(String(Object(error).message ?? error))),
    ...(tls && { tls }),
  },
  async (connection, { signal }) => {
    const { stderr } = process;
    const output = {
      isTTY: stderr.isTTY && !isBarTaken,
      columns: stderr.columns,
      write: (text: string) => stderr.write(text),
    };
    isBarTaken ||= output.isTTY;
    let progress: Progress | undefined;
    try {
      const { name, size, from, sha256 } = await receiver.receive(
        connection,
        (offer, already) => {
          progress = new Progress(offer.name, offer.size, already, output);
          return (position) => progress?.update(position);
        },
        signal,
      );
      progress?.end();
      const before = from === 0 ? "" : `, of which ${formatBytes(from)} were there`;
      console.log(`Received ${name}, ${formatBytes(size)}${before}, SHA-256 ${sha256}`);
    } catch (error) {
      progress?.end();
      // The sender knows, and the connection ends in order: a reset could overtake the reason.
      if (!(error instanceof RefusedError)) throw error;
      console.error("Refused a file:", error.message);
    } finally {
      if (output.isTTY) isBarTaken = false;
    }
  },
);
console.log("Receiving into", folder, tls ? "over TLS on" : "on", server.address);
// What is under way is cut, and the parts stay.
process.on("SIGINT", () => void server.close());
