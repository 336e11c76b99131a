/**
 * Says on standard error what is being measured: on a terminal in one line that is overwritten, else nothing, since the results
 * appear as they are complete.
 *
 * @param {import("node:tty").WriteStream} stream
 */
export function progress(stream) {
  if (!stream.isTTY) return { step: () => {}, clear: () => {} };
  return {
    /** @param {string} text */
    step: (text) => stream.write(`\r\x1b[K${text.slice(0, (stream.columns || 80) - 1)}`),
    clear: () => stream.write("\r\x1b[K"),
  };
}
