import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const readme = readFileSync(join(root, "README.md"), "utf8");

function testFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(root, folder, name));
}
const tests = [...testFiles("src"), ...testFiles("test")].map((path) => readFileSync(path, "utf8")).join("\n");

describe("every feature names its test", () => {
  const rows = readme
    .slice(readme.indexOf("## From requests"), readme.indexOf("Where behaviour differs"))
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([, , test]) => test !== "test" && !/^-+$/.test(test ?? ""));
  test.each(rows.map(([feature, , name]) => [feature, /^`(.*)`$/.exec(name ?? "")?.[1]] as const))(
    "%s: %s",
    (_, name) => {
      expect(name).toBeDefined();
      const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      const [leaf, group] = name!.split(" > ").reverse();
      expect(tests).toMatch(new RegExp(`(\\b(test|it)|[)\\]])\\(\\s*["\`]${literal(leaf!)}["\`],`));
      if (group) expect(tests).toMatch(new RegExp(`describe\\("${literal(group)}",`));
    },
  );
  test("there are enough of them", () => expect(rows.length).toBeGreaterThan(55));
});

test("the code in the README has no type errors", () => {
  const folder = join(root, "node_modules", ".readme");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code], i) => {
    const path = join(folder, `block-${i}.ts`);
    writeFileSync(path, `${code}\nexport {};\n`);
    return path;
  });
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2024.d.ts", "lib.esnext.disposable.d.ts"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    types: ["node"],
    paths: { "@sockeye/http-client": [join(root, "src/index.ts")] },
  });
  const errors = ts
    .getPreEmitDiagnostics(program)
    .map((d) => `${d.file?.fileName.slice(folder.length)}: ${ts.flattenDiagnosticMessageText(d.messageText, "\n")}`);
  rmSync(folder, { recursive: true, force: true });
  expect([files.length > 8, errors]).toEqual([true, []]);
}, 90_000);
