import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { InvalidValueError } from "../errors.ts";
import { escapeText } from "../format/escape.ts";
import type { HTTPMessage } from "../streams/http-message.ts";
import { HTTPTracker } from "../streams/http-tracker.ts";
import type { HTTPTransaction } from "../streams/http-transaction.ts";
import { warn } from "./output.ts";
import { type CommonOptions, type SelectOptions, Session } from "./session.ts";

/** Options of `export-objects`. */
export interface ExportOptions extends CommonOptions, SelectOptions {
  readonly maxSize: number;
}

/** Longest file name; file systems allow 255 bytes. */
const MAX_NAME = 120;
/** Names that are devices on Windows, whatever their extension. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Writes the bodies of the HTTP requests and responses of a capture as files, unpacked; never over another file. */
export async function exportObjects(path: string, folder: string, options: ExportOptions): Promise<number> {
  const session = new Session(options);
  const done: HTTPTransaction[] = [];
  const tracker = new HTTPTracker((transaction) => void done.push(transaction), {
    maxBodyBytes: options.maxSize,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  let files = 0;
  const taken = new Map<string, number>();
  const save = async () => {
    for (const { url, request, response } of done.splice(0)) {
      for (const message of [request, response]) {
        if (message === undefined || message.body.kept === 0) continue;
        const bytes = await content(message, url, options.maxSize);
        const name = await write(folder, objectName(url), bytes, taken);
        files++;
        const note = message.body.complete ? "" : session.paint.yellow(", incomplete");
        await session.out.line(`${name} ${bytes.length} bytes${note} ${escapeText(url ?? "")}`.trimEnd());
      }
    }
  };
  // Only the last folder of the path: below /proc a recursive mkdir of Node.js never ends.
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST")
      throw new InvalidValueError("folder", folder, `a folder in one that is there (${error.code})`);
  });
  await session.each(session.open(path, options), options, (packet) => {
    tracker.add(packet);
    return done.length > 0 ? save() : undefined;
  });
  tracker.finish();
  await save();
  await session.out.flush();
  process.stderr.write(`${files} objects written to ${folder}\n`);
  return session.exitCode;
}

/** The body unpacked, or as it was sent when that cannot be. */
async function content({ body }: HTTPMessage, url: string | undefined, limit: number): Promise<Uint8Array> {
  try {
    return await body.decode({ limit, partial: true });
  } catch (error) {
    warn(`${url ?? "an object"}: ${(error as Error).message}; written as it was sent`);
    return body.bytes;
  }
}

/** A name from the last part of a URL's path: only letters, digits and `._-`, no dot in front, never a path. */
export function objectName(url: string | undefined): string {
  const path = (url ?? "").replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "").replace(/[?#].*$/s, "");
  const last = path.split("/").at(-1) ?? "";
  const name = last
    .replace(/[^A-Za-z0-9._-]+/g, "_")
    .replace(/^\.+/, "")
    .slice(0, MAX_NAME);
  return name === "" || DEVICES.test(name) ? `object${name === "" ? "" : `_${name}`}` : name;
}

/**
 * Creates the file, under a name with a number when the name is taken; gives the name. `taken` has the next number of
 * each name: thousands of objects of one name would try all numbers from the first on each time.
 */
async function write(folder: string, name: string, bytes: Uint8Array, taken: Map<string, number>): Promise<string> {
  for (let number = taken.get(name) ?? 0; ; number++) {
    const dot = name.lastIndexOf(".");
    const free =
      number === 0 ? name : dot > 0 ? `${name.slice(0, dot)}(${number})${name.slice(dot)}` : `${name}(${number})`;
    try {
      // Fails where anything is, a link too: nothing outside the folder can be written.
      const file = await open(join(folder, free), "wx");
      taken.set(name, number + 1);
      await file.writeFile(bytes).finally(() => file.close());
      return free;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
