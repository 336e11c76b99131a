/** How long each side waits for the other, in milliseconds, and how much memory it takes. */

/** A peer that says nothing for so long where it should is gone. */
export const MESSAGE_TIMEOUT = 30_000;
/** A buffer of content takes no longer, or the peer is gone or holds a place that others want: about 9 KB a second. */
export const BUFFER_TIMEOUT = 60_000;
/** Hashing what is there of a large file takes its time, on both sides at once. */
export const HASH_TIMEOUT = 600_000;
/** After the last byte the receiver has to get all of it onto its disk. */
export const ANSWER_TIMEOUT = 120_000;
/** Content moves through one piece of memory of so many bytes on each side. */
export const BUFFER_SIZE = 512 * 1024;
/** The longest name, in bytes of UTF-8: most file systems take 255, and the part file needs some of them. */
export const MAX_NAME = 200;
/** The largest file that is accepted, unless `--max-size` says otherwise. */
export const MAX_SIZE = 64 * 1024 ** 3;
/** So many files at a time. */
export const MAX_TRANSFERS = 8;
