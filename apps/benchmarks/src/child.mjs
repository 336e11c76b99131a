import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

/** How long a child may take to print its next line, in milliseconds. */
const answerTimeout = 60_000;
/** How much of a child's standard error is kept, in characters. */
const errorLimit = 64 * 1024;

/** @type {Set<Child>} */
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill();
});

/** A child program ended, failed or fell silent: the message says why, in one line. */
export class ChildError extends Error {
  /** @override */
  name = "ChildError";
}

/** A program that prints lines, ended by its process id at the latest when this process ends. */
export class Child {
  #process;
  #lines;
  #errors = "";
  /** @type {Promise<unknown>} */
  #closed;

  /**
   * @param {readonly string[]} command program and arguments
   * @param {number} [core] the only core that it may use
   */
  constructor(command, core) {
    // taskset(1) becomes the program: the process id stays the same.
    const [program, ...args] = core === undefined ? command : ["taskset", "--cpu-list", String(core), ...command];
    this.#process = spawn(program, args);
    running.add(this);
    this.#process.on("error", (error) => {
      this.#errors += `Error: ${error.message}\n`;
    });
    // A command to a child that has just ended is answered by the end of its output, not by EPIPE.
    this.#process.stdin.on("error", () => {});
    this.#process.stderr.setEncoding("utf8").on("data", (text) => {
      if (this.#errors.length < errorLimit) this.#errors += text;
    });
    this.#closed = new Promise((resolve) => this.#process.once("close", resolve));
    this.#closed.then(() => running.delete(this));
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** The process id; 0 when the program could not be started. */
  get pid() {
    return this.#process.pid ?? 0;
  }

  /**
   * Resolves to the next line of standard output. Rejects with ChildError when the program ended instead.
   *
   * @returns {Promise<string>}
   */
  async line() {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.kill();
    }, answerTimeout);
    const { done, value } = await this.#lines.next();
    clearTimeout(timer);
    if (!done) return value;
    throw late ? new ChildError(`no answer within ${answerTimeout / 1000} s`) : await this.failure();
  }

  /** @param {string} text a command line for the program's standard input */
  send(text) {
    this.#process.stdin.write(`${text}\n`);
  }

  /** Ends the program at once. */
  kill() {
    this.#process.kill("SIGKILL");
  }

  /** Ends the program and resolves when it is gone. */
  async stop() {
    this.kill();
    await this.#closed;
  }

  /**
   * Resolves to whether the program ended, by itself or by `kill`, before `milliseconds` were over.
   *
   * @param {number} milliseconds
   */
  async endsWithin(milliseconds) {
    const over = new AbortController();
    const timeout = pause(milliseconds, false, { signal: over.signal }).catch(() => false);
    const ended = await Promise.race([this.#closed.then(() => true), timeout]);
    over.abort();
    return ended;
  }

  /** Resolves, when the program has ended, to an error that says why. */
  async failure() {
    await this.#closed;
    const { exitCode, signalCode } = this.#process;
    const status = signalCode ? `ended by ${signalCode}` : `ended with status ${exitCode}`;
    return new ChildError(reasonIn(this.#errors) ?? status);
  }
}

/**
 * The line of a program's standard error that says why it ended: an error of Node.js or Python, or else the last line.
 *
 * @param {string} errors
 * @returns {string | undefined}
 */
export function reasonIn(errors) {
  const lines = errors.split("\n").filter((line) => line.trim() !== "");
  const reason = lines.find((line) => /^[\w.]*(Error|Exception)\b.*:/.test(line)) ?? lines.at(-1);
  // Node.js names a missing module by its whole path and by who wanted it: the package's own part is enough.
  return reason
    ?.replace(/ imported from .*$/, "")
    .replace(/^Error \[\w+\]: /, "")
    .replace(/'[^']*\/node_modules\//, "'")
    .trim();
}
