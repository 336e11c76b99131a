/** A terminal of tmux's that a test types into and reads from. */
import { execFileSync, spawnSync } from "node:child_process";
import { type FSWatcher, mkdtempSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why there is no terminal here, or undefined. */
export const noTerminal: string | undefined =
  spawnSync("tmux", ["-V"]).status === 0 ? undefined : "tmux is not installed";

export class Terminal {
  readonly #folder = mkdtempSync(join(tmpdir(), "sockeye-tmux-"));
  readonly #socket = join(this.#folder, "socket");
  /** tmux appends to this file whatever the program writes: when it grows, the screen has changed. */
  readonly #output = join(this.#folder, "output");
  readonly #watcher: FSWatcher;
  #changed: () => void = () => {};

  /** Runs a command in a terminal of its own, which stays after its end. */
  constructor(command: readonly string[], { columns = 80, rows = 24 }: { columns?: number; rows?: number } = {}) {
    const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    const size = ["-x", String(columns), "-y", String(rows)];
    writeFileSync(this.#output, "");
    this.#watcher = watch(this.#output, () => this.#changed());
    // The terminal outlives the program, so that the screen and the exit code can be read.
    const script = `${quoted}; echo "exit code $?"; exec cat`;
    const piped = ["pipe-pane", `exec cat >> ${this.#output}`];
    this.#tmux("-f", "/dev/null", "new-session", "-d", ...size, script, ";", ...piped);
  }

  #tmux(...args: string[]): string {
    return execFileSync("tmux", ["-S", this.#socket, ...args], { encoding: "utf8" });
  }

  /** What the screen shows, without what is blank at the end. */
  screen(): string {
    return this.#tmux("capture-pane", "-p").trimEnd();
  }

  /** The same with its colours, as escape sequences. */
  styledScreen(): string {
    return this.#tmux("capture-pane", "-p", "-e").trimEnd();
  }

  /** Types text as it is. */
  type(text: string): void {
    this.#tmux("send-keys", "-l", text);
  }

  /** Presses a key by tmux's name, such as `Enter` or `C-c`. */
  press(key: string): void {
    this.#tmux("send-keys", key);
  }

  /** The screen as soon as it matches. */
  async until(pattern: RegExp): Promise<string> {
    const signal = AbortSignal.timeout(40_000);
    const late = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
      const screen = this.screen();
      if (pattern.test(screen)) return screen;
      if (signal.aborted) throw new Error(`The screen never matched ${pattern}:\n${screen}`);
      await Promise.race([changed, late]);
    }
  }

  close(): void {
    this.#watcher.close();
    this.#tmux("kill-server");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
