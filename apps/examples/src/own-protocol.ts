/**
 * A protocol of one's own: a store of words that many clients share. Without a request it is the server; with one it is
 * a client: `set fish salmon`, `get fish`.
 *
 * On the wire, requests and answers are text in UTF-8 behind its length, two bytes.
 *
 * Usage: own-protocol [PORT=7001] [REQUEST]
 */
import { framed, lengthPrefixed, openConnection, startServer } from "@sockeye/async-streams";
import { portArgument } from "./terminal/port.ts";

const [port, ...words] = process.argv.slice(2);
const address = { address: "127.0.0.1", port: portArgument(port, 7001) };

/** The codec does no I/O and holds nothing: one serves every connection. More than 1 KiB is an error, both ways. */
const codec = lengthPrefixed({ bytes: 2, maxLength: 1_024 });
const MAX_WORDS = 10_000;
/** A client that is silent, or does not read, for a minute is none. */
const patience = { timeout: 60_000 };
const store = new Map<string, string>();

/** What the server says to a request: a function of text, so it can be tested without a socket. */
function answerTo(request: string): string {
  const [, verb, key = "", value = ""] = /^(get|set) (\S{1,100})(?: (.*))?$/s.exec(request) ?? [];
  if (verb === undefined) return "error: expected get KEY or set KEY VALUE";
  if (verb === "get") return store.has(key) ? `value: ${store.get(key)}` : "none";
  if (store.size >= MAX_WORDS && !store.has(key)) return "error: the store is full";
  store.set(key, value);
  return "stored";
}

async function serve(): Promise<void> {
  const options = { maxConnections: 100, onError: (error: unknown) => console.error("Lost a client:", String(error)) };
  const server = await startServer(address, options, async (connection) => {
    const requests = framed(connection, codec);
    for (;;) {
      const request = await requests.receive(patience);
      if (request === null) return; // The client has ended, and with the handler so do we.
      // Awaiting is flow control: who does not read its answers is not read either.
      await requests.send(answerTo(request.toString()), patience);
    }
  });
  console.log("Listening on", server.address);
  process.on("SIGINT", () => void server.close());
}

async function ask(request: string): Promise<void> {
  const connection = await openConnection(address, { timeout: 5_000 });
  const answers = framed(connection, codec);
  await answers.send(request);
  const answer = await answers.receive({ timeout: 5_000 });
  console.log(answer === null ? "The server has ended the connection" : JSON.stringify(answer.toString()));
  await connection.close();
}

await (words.length === 0 ? serve() : ask(words.join(" ")));
