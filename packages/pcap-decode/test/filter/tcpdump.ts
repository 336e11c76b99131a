import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `tcpdump --version`, `undefined` when it is not installed. */
export const tcpdumpVersion = readVersion();

/** Suffix for the name of a suite, so that a run says why it skipped. */
export const tcpdumpNote =
  tcpdumpVersion === undefined ? " (skipped: tcpdump is not installed)" : ` (${tcpdumpVersion})`;

function readVersion(): string | undefined {
  try {
    return execFileSync("tcpdump", ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).split(
      "\n",
    )[0];
  } catch {
    return undefined;
  }
}

/** What a run of tcpdump gave: the capture that it wrote, or its message. */
export type TcpdumpResult =
  | { readonly ok: true; readonly capture: Buffer }
  | { readonly ok: false; readonly message: string };

/** A directory for captures; call `close` at the end. */
export class TcpdumpRunner {
  readonly #directory = mkdtempSync(join(tmpdir(), "pcap-filter-"));
  #count = 0;

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Path of a new file with these bytes. */
  file(bytes: Uint8Array): string {
    const path = join(this.#directory, `in-${this.#count++}.pcap`);
    writeFileSync(path, bytes);
    return path;
  }

  /** `tcpdump -r capture -w - expression`, the output through a file because pipes cut it. */
  filter(capture: string, expression: string): Promise<TcpdumpResult> {
    const output = join(this.#directory, `out-${this.#count++}.pcap`);
    const args = ["-n", "-Z", "root", "-r", capture, "-w", output, "--", expression];
    return new Promise((resolve) => {
      execFile("tcpdump", args, { encoding: "utf8", timeout: 30_000 }, (error, _stdout, stderr) => {
        if (error !== null) resolve({ ok: false, message: messageOf(stderr) || String(error) });
        else {
          resolve({ ok: true, capture: readFileSync(output) });
          rmSync(output);
        }
      });
    });
  }

  remove(path: string): void {
    rmSync(path, { force: true });
  }
}

function messageOf(stderr: string): string {
  return (
    stderr
      .split("\n")
      .find((line) => line.startsWith("tcpdump: "))
      ?.slice(9) ?? ""
  );
}

/** Runs `work` on every item, a few at a time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 3 }, worker));
}
