/** What a peer wrote, made safe to show on a terminal. */

/**
 * Control characters of C0 and C1, which drive terminals; line and paragraph separators; and the marks that turn the
 * direction of the text around them (UAX #9), with which a message could pretend to be somebody else's.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** The text on one line without anything that drives a terminal: an ESC becomes the four characters `\x1b`. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => {
    if (character === "\t") return " ";
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}
