/** Whether two streams behave as streams do. */
import type { ByteStream } from "../byte-stream.ts";
import { checkFunction, checkInteger, checkOptions } from "../check.ts";
import type { StreamPair } from "./assert.ts";
import { oneWayChecks } from "./one-way-checks.ts";
import { halfCloseChecks, twoWayChecks } from "./two-way-checks.ts";

/** Makes a new pair of connected streams each time. */
export type MakePair = () => StreamPair | Promise<StreamPair>;

/** What `checkStream` takes. */
export interface CheckOptions {
  /** Whether the end of one direction leaves the other one open. Default true. */
  halfClose?: boolean;
  /** Milliseconds that each check may take; one that hangs fails. Default 10,000. */
  timeout?: number;
}

/** One check, for runners that show each by its name. */
export interface StreamCheck {
  readonly name: string;
  /** Rejects with what is wrong. */
  run(makePair: MakePair, options?: Pick<CheckOptions, "timeout">): Promise<void>;
}

const CHECK_TIMEOUT = 10_000;

type Body = (a: ByteStream, b: ByteStream) => Promise<void>;

function toCheck(name: string, body: Body): StreamCheck {
  return {
    name,
    async run(makePair, { timeout = CHECK_TIMEOUT } = {}) {
      const [a, b] = await makePair();
      let timer: NodeJS.Timeout | undefined;
      const hung = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`not done within ${timeout} ms`)), timeout);
      });
      try {
        await Promise.race([body(a, b), hung]);
      } catch (error) {
        throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      } finally {
        clearTimeout(timer);
        a.abort();
        b.abort();
      }
    },
  };
}

/** The checks that `checkStream` runs. */
export function streamChecks({ halfClose = true }: Pick<CheckOptions, "halfClose"> = {}): StreamCheck[] {
  const there = Object.entries(oneWayChecks).map(([name, body]) => toCheck(name, body));
  const back = Object.entries(oneWayChecks).map(([name, body]) =>
    toCheck(`${name} (the other way)`, (a, b) => body(b, a)),
  );
  const both = Object.entries({ ...twoWayChecks, ...(halfClose ? halfCloseChecks : {}) });
  return [...there, ...back, ...both.map(([name, body]) => toCheck(name, body))];
}

/**
 * Runs the conformance suite over pairs of connected streams: reading and writing, cancelling, back-pressure, closing,
 * aborting and half-close, in both directions. Resolves with how many checks passed; rejects with the first that did
 * not. It needs no test runner; with one, make a test of each of `streamChecks()`.
 */
export async function checkStream(makePair: MakePair, options: CheckOptions = {}): Promise<number> {
  checkFunction("makePair", makePair);
  checkOptions("options", options);
  const timeout = checkInteger("timeout", options.timeout ?? CHECK_TIMEOUT, 1, 2 ** 31 - 1);
  const checks = streamChecks(options);
  for (const check of checks) await check.run(makePair, { timeout });
  return checks.length;
}
