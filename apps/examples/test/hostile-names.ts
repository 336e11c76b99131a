/** Names that a peer must not be able to make a file of. */
export const hostileNames: readonly string[] = [
  ...["", ".", "..", "../x", "..\\x", "/etc/passwd", "a/b", "a\\b", "C:\\x", "c:x", "file:stream"],
  ...[".bashrc", ".x.part", "~root", "-rf", "x.", "x ", "con", "NUL", "com1.txt", "LPT9.a.b"],
  ...["a*", "a?", 'a"b', "a<b", "a>b", "a|b", "x".repeat(201), "ü".repeat(101)],
];
