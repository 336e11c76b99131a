import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readmeBlocks, readmeProblems, runReadmeBlock } from "../../../readme.shared.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));

it("every block of the README is right in its types", () => {
  expect(readmeProblems(folder)).toEqual([]);
}, 90_000);

/** What the comments of a block say that it prints, up to a comma. */
function promised(code: string): string[] {
  return code
    .split("\n")
    .filter((line) => line.includes("console.log("))
    .map((line) => /\/\/ ([^,]*)/.exec(line.split(");").at(-1)!)![1]!);
}

// `await using` is no syntax of Node.js 20, and TypeScript leaves it as it is.
const runnable = readmeBlocks(folder).filter(({ code }) => !code.includes("await using"));

it.each(runnable.map((block) => [block.line, block] as const))(
  "the block at line %i does what it says",
  async (_line, block) => {
    const { status, stdout, stderr } = await runReadmeBlock(folder, block);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const printed = stdout.trimEnd().split("\n");
    const lines = promised(block.code);
    expect(printed).toHaveLength(lines.length);
    for (const [i, line] of lines.entries()) expect(printed[i]).toContain(line);
  },
);
