import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Instruction } from "../../src/filter/instruction.ts";

const HELPER = fileURLToPath(new URL("./kernel-filter.py", import.meta.url));

/** Why the kernel cannot be asked, `undefined` when it can. */
export const kernelProblem = findProblem();

/** Suffix for the name of a suite, so that a run says why it skipped. */
export const kernelNote = kernelProblem === undefined ? "" : ` (skipped: ${kernelProblem})`;

function findProblem(): string | undefined {
  if (process.platform !== "linux") return "SO_ATTACH_FILTER is Linux'";
  try {
    execFileSync("python3", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "python3 is not installed";
  }
}

/** What the kernel did: refused the program, or let datagrams through, of that many bytes, -1 for none. */
type KernelVerdict = { readonly errno: number } | { readonly received: readonly number[] };

/** A process that attaches programs to sockets. */
export class KernelJudge {
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor() {
    this.#process = spawn("python3", [HELPER], { stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  async judge(program: readonly Instruction[], packets: readonly Uint8Array[]): Promise<KernelVerdict> {
    const request = {
      program: program.map(({ code, jt, jf, k }) => [code, jt, jf, k]),
      packets: packets.map((packet) => Buffer.from(packet).toString("hex")),
    };
    this.#process.stdin!.write(`${JSON.stringify(request)}\n`);
    const answer = await this.#answers.next();
    if (answer.done) throw new Error("the helper has ended");
    return JSON.parse(answer.value) as KernelVerdict;
  }

  close(): void {
    this.#process.stdin!.end();
  }
}
