import { expect, test } from "vitest";
import { objectName } from "./export-objects.ts";

test.each([
  ["http://h/a/b.txt?x=/etc/passwd#z", "b.txt"],
  ["http://h/", "object"],
  ["http://h", "object"],
  [undefined, "object"],
  ["http://h/..", "object"],
  ["http://h/.bashrc", "bashrc"],
  ["http://h/..\\..\\boot.ini", "_.._boot.ini"],
  ["http://h/a%2f..%2fb", "a_2f.._2fb"],
  ["http://h/con.txt", "object_con.txt"],
  ["http://h/a\u0000b\u202ec", "a_b_c"],
  [`http://h/${"x".repeat(500)}`, "x".repeat(120)],
])("%j becomes %j", (url, name) => expect(objectName(url)).toBe(name));
