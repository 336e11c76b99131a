import { escapeText, shorten } from "../format/escape.ts";
import { endpointText } from "../streams/endpoint.ts";
import type { HTTPMessage } from "../streams/http-message.ts";
import { HTTPTracker } from "../streams/http-tracker.ts";
import type { HTTPTransaction } from "../streams/http-transaction.ts";
import { width } from "./output.ts";
import { type CommonOptions, type SelectOptions, Session } from "./session.ts";

/** Options of `http`. */
export interface HTTPCommandOptions extends CommonOptions, SelectOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Prints the HTTP requests of a capture with their answers, one a line. */
export async function http(path: string, options: HTTPCommandOptions): Promise<number> {
  const session = new Session(options);
  const done: HTTPTransaction[] = [];
  const tracker = new HTTPTracker((transaction) => void done.push(transaction), {
    maxBodyBytes: 0,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  const print = async () => {
    for (const each of done.splice(0)) {
      await session.out.line(
        options.json ? JSON.stringify(plain(each)) : line(session, each, options.verbose === true),
      );
    }
  };
  await session.each(session.open(path, options), options, (packet) => {
    tracker.add(packet);
    return done.length > 0 ? print() : undefined;
  });
  tracker.finish();
  await print();
  await session.out.flush();
  return session.exitCode;
}

function line({ paint }: Session, transaction: HTTPTransaction, verbose: boolean): string {
  const { request, response, url, duration, stream } = transaction;
  const first = (request ?? response)!;
  const status = response?.status;
  const color =
    status === undefined ? paint.dim : status >= 500 ? paint.red : status >= 400 ? paint.yellow : paint.green;
  const took = duration === undefined ? "" : `${(duration * 1000).toFixed(1)} ms`;
  const size = response === undefined ? "" : `${response.body.length} bytes${response.complete ? "" : ", incomplete"}`;
  const left = `${paint.dim(first.time.toISOString())} ${endpointText(stream.client)} ${paint.bold(escapeText(request?.method ?? "-"))}`;
  const plainLength = first.time.toISOString().length + endpointText(stream.client).length + 40;
  const address = escapeText(url ?? `-> ${endpointText(stream.server)}`);
  const room = process.stdout.isTTY === true ? Math.max(30, width() - plainLength) : address.length;
  const text =
    `${left} ${shorten(address, room)} ${color(String(status ?? "no answer"))} ${[size, took].filter(Boolean).join(", ")}`.trimEnd();
  if (!verbose) return text;
  return [text, ...headers(">", request), ...headers("<", response)].join("\n");
}

function headers(mark: string, message: HTTPMessage | undefined): string[] {
  return (message?.headers ?? []).map(([name, value]) => `  ${mark} ${escapeText(`${name}: ${value}`)}`);
}

function plain(transaction: HTTPTransaction): object {
  const { stream, request, response, url, waiting, duration } = transaction;
  const side = (message: HTTPMessage | undefined) =>
    message && {
      version: message.version,
      time: message.time.toString(),
      headers: message.headers,
      bodyBytes: message.body.length,
      complete: message.complete,
    };
  return {
    stream: stream.index,
    client: stream.client,
    server: stream.server,
    method: request?.method,
    url,
    status: response?.status,
    waiting,
    duration,
    request: side(request),
    response: side(response),
  };
}
