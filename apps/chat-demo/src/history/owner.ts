/** One process at a time has a file. */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";

/** Somebody else has the file. */
export class TakenError extends Error {
  override readonly name = "TakenError";
}

/** What this process has: a note with its own number may also be that of an earlier one, as in containers. */
const ours = new Set<string>();

/**
 * Takes a file for this process, with its number in `PATH.pid`; a process that is gone has it no more. Returns a
 * function that gives it back. Throws TakenError.
 */
export function claim(path: string): () => void {
  const note = `${path}.pid`;
  for (let attempt = 0; ; attempt++) {
    try {
      const fd = openSync(note, "wx");
      writeSync(fd, String(process.pid));
      closeSync(fd);
      ours.add(note);
      return () => {
        ours.delete(note);
        rmSync(note, { force: true });
      };
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
      const owner = Number(readNote(note));
      if (attempt > 0 || (owner === process.pid ? ours.has(note) : isAlive(owner))) {
        throw new TakenError(`${path} belongs to the chat server with process number ${owner}`);
      }
      rmSync(note, { force: true });
    }
  }
}

function readNote(note: string): string {
  try {
    return readFileSync(note, "utf8");
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === "EPERM";
  }
}
