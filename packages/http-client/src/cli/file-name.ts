/** Leaves room for `.part.json` in the 255 bytes that file systems allow. */
const MAX_NAME_BYTES = 200;

/**
 * A name for a file that a server has suggested, or null: one that stays in its folder, is not hidden, and surprises no
 * terminal, shell or file system (RFC 6266, section 4.3).
 */
export function safeFileName(suggested: string): string | null {
  // What is before a separator of any system is a path.
  const last = suggested.normalize("NFC").split(/[/\\]/).at(-1)!;
  const name = last
    // Controls, and marks that turn the direction of text: `gpj.exe` can look like `exe.jpg`.
    .replace(/\p{C}/gu, "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/^[\s.]+|[\s.]+$/g, "")
    .replace(/^[-~]/, "_")
    .replace(/^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i, "_$1");
  return name === "" ? null : shorten(name);
}

/** What a Content-Disposition header suggests as a name: `filename*` (RFC 8187), else `filename`; null for none. */
export function dispositionFileName(header: string): string | null {
  const parameters = new Map<string, string>();
  // RFC 6266, section 4.1: a type, then parameters; of a name that is repeated the first counts.
  for (const [, name, quoted, token] of header.matchAll(
    /;\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/g,
  )) {
    const key = name!.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, quoted === undefined ? token! : quoted.replace(/\\(.)/g, "$1"));
  }
  const extended = parameters.get("filename*");
  const decoded = extended === undefined ? null : decodeExtended(extended);
  if (decoded !== null) return decoded;
  const plain = parameters.get("filename");
  return plain === undefined ? null : decodeOctets(Buffer.from(plain, "latin1"));
}

/** `charset'language'percent-encoded`; null when it is not that. */
function decodeExtended(value: string): string | null {
  const [, charset, encoded] = /^(utf-8|iso-8859-1)'[\w-]*'((?:%[0-9a-f]{2}|[\w!#$&+.^`|~-])*)$/i.exec(value) ?? [];
  if (charset === undefined) return null;
  const octets = Buffer.from(
    encoded!.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  return /^iso/i.test(charset) ? octets.toString("latin1") : utf8(octets);
}

/** Many servers send UTF-8 where only Latin-1 is defined. */
function decodeOctets(octets: Buffer): string {
  return utf8(octets) ?? octets.toString("latin1");
}

function utf8(octets: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    return null;
  }
}

/** The start of a name that is too long, with its extension. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const extension = /\.\w{1,10}$/.exec(name)?.[0] ?? "";
  let start = "";
  for (const character of name.slice(0, name.length - extension.length)) {
    if (Buffer.byteLength(start + character + extension) > MAX_NAME_BYTES) break;
    start += character;
  }
  return start + extension;
}
