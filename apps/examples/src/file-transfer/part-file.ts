/** A file that is not whole yet. */
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, unlink } from "node:fs/promises";
import { join } from "node:path";

function pathOf(folder: string, name: string): string {
  return join(folder, `.${name}.part`);
}

/**
 * It lies beside the file that it will be, under a name that no file of a peer can have, as theirs do not begin with a
 * dot. It stays there when the transfer is cut.
 */
export class PartFile {
  readonly file: FileHandle;
  readonly #path: string;
  readonly #whole: string;
  #length: number;

  private constructor(file: FileHandle, path: string, whole: string, length: number) {
    this.file = file;
    this.#path = path;
    this.#whole = whole;
    this.#length = length;
  }

  /** Whether the folder has something of that name. */
  static async isTaken(folder: string, name: string): Promise<boolean> {
    return lstat(join(folder, name)).then(
      () => true,
      () => false,
    );
  }

  /** How many bytes are there of a file. */
  static async lengthOf(folder: string, name: string): Promise<number> {
    return lstat(pathOf(folder, name)).then(
      (status) => (status.isFile() ? status.size : 0),
      () => 0,
    );
  }

  /** What is there of a file, or an empty beginning. */
  static async open(folder: string, name: string): Promise<PartFile> {
    const path = pathOf(folder, name);
    // A link that somebody has put there must not lead the content elsewhere.
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o666);
    const status = await file.stat();
    if (status.isFile()) return new PartFile(file, path, join(folder, name), status.size);
    await file.close();
    throw new Error(`${path} is not a file`);
  }

  /** How many bytes are there. */
  get length(): number {
    return this.#length;
  }

  /** Forgets what is there. */
  async clear(): Promise<void> {
    await this.file.truncate(0);
    this.#length = 0;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      const { bytesWritten } = await this.file.write(rest, 0, rest.length, this.#length);
      this.#length += bytesWritten;
      rest = rest.subarray(bytesWritten);
    }
  }

  /** Gives it its name when it is whole and on the disk. Rejects with EEXIST when there is another by now. */
  async finish(): Promise<void> {
    await this.file.sync();
    // rename(2) would put it in the place of one that has come meanwhile; link(2) does not.
    await link(this.#path, this.#whole);
    await unlink(this.#path);
  }

  /** Removes it from the folder. */
  remove(): Promise<void> {
    return unlink(this.#path);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
