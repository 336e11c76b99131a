import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageFolder } from "./child.ts";

const table = readFileSync(join(packageFolder, "test", "conformance.md"), "utf8");

it("every case that the table names exists", () => {
  const named = [...table.matchAll(/`((?:src|test)\/[\w/.-]+\.ts)` “([^”]+)”/g)];
  expect(named.length).toBeGreaterThan(250);
  const missing = named.filter(([, file, title]) => {
    const path = join(packageFolder, file!);
    return !existsSync(path) || !readFileSync(path, "utf8").includes(title!);
  });
  expect(missing.map(([whole]) => whole)).toEqual([]);
});

it("every row has a case or a reason", () => {
  for (const row of table.split("\n").filter((line) => line.startsWith("| `"))) {
    expect(row).toMatch(/“[^”]+”|Does not apply: .{10}|no tests: |what ErrorHandlerTest uses/);
  }
});

// Debian has the tests of its Python in libpython3.11-testsuite; those of other versions differ.
const folder = "/usr/lib/python3.11/test";
it.runIf(existsSync(folder)).each(["test_socket.py", "test_socketserver.py"])(
  "none of %s is left out (needs the tests of CPython 3.11)",
  (file) => {
    const section = table.split(/^## /m).find((part) => part.startsWith(`CPython: \`${file}\``))!;
    const listed = new Map<string, string>();
    for (const part of section.split(/^### /m).slice(1)) {
      const name = /^`(\w+)`/.exec(part)?.[1];
      if (name === undefined) for (const [, base] of part.matchAll(/^\| `(\w+)`/gm)) listed.set(base!, "");
      else listed.set(name, part);
    }
    let current = "";
    for (const line of readFileSync(join(folder, file), "utf8").split("\n")) {
      current = /^class (\w+)/.exec(line)?.[1] ?? current;
      const test = /^ {4}def (test\w*)\(/.exec(line)?.[1];
      if (/^class /.test(line)) expect([...listed.keys()]).toContain(current);
      // What needs a protocol that is not here is given one reason for the whole class.
      else if (test !== undefined && listed.get(current) !== "") expect(listed.get(current)).toContain(`\`${test}\``);
    }
  },
);
