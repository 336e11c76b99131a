import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** `shared/corpus` beside the repository. */
export const corpus = join(import.meta.dirname, "../../../../../shared/corpus");
export const hasCorpus = existsSync(corpus);
if (!hasCorpus) console.log(`Skipped: there is no ${corpus}; it holds the captures that these tests read.`);

/** Files below a folder of the corpus whose names end in `extension`, as paths from the corpus. */
export function files(folder: string, extension: RegExp): string[] {
  if (!hasCorpus) return [];
  return readdirSync(join(corpus, folder))
    .filter((name) => extension.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);
}

export function bytesOf(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(corpus, path)));
}

/** What tshark 4.0.17 and capinfos say of a capture. */
interface Expectation {
  readonly file: string;
  readonly filetype: string | null;
  readonly linktypes: readonly number[];
  readonly count: number;
  readonly truncated_at?: number;
  readonly error?: string;
  readonly packets: readonly Readonly<Record<string, string | number>>[];
}

export interface CorpusCapture {
  readonly path: string;
  readonly expected: Expectation;
}

/** Every capture that has expectations. */
export function captures(): CorpusCapture[] {
  return ["captures/tcpdump", "captures/zeek"].flatMap((folder) =>
    files(folder, /\.json$/).map((json) => ({
      path: json.replace(/\.json$/, ""),
      expected: JSON.parse(readFileSync(join(corpus, json), "utf8")) as Expectation,
    })),
  );
}
