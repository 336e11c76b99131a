/** The file of a Unix socket outlives it, and the next server could not bind to its path. */
import { lstatSync, unlinkSync } from "node:fs";

/**
 * For a path that a server has just bound to: removes its file. A file that somebody else has put there since then
 * stays, and so do names in the abstract namespace, which are none.
 */
export function pathRemover(path: string): () => void {
  if (path === "" || path.startsWith("\0")) return () => {};
  const bound = lstatSync(path, { throwIfNoEntry: false });
  return () => {
    const now = lstatSync(path, { throwIfNoEntry: false });
    if (now === undefined || now.ino !== bound?.ino || now.dev !== bound.dev) return;
    try {
      unlinkSync(path);
    } catch {
      // Not ours to remove (sticky directories, read-only file systems): the next bind will say EADDRINUSE.
    }
  };
}
