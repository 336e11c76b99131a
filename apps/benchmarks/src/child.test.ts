import { describe, expect, it } from "vitest";
import { Child, ChildError, reasonIn } from "./child.mjs";

describe("Child", () => {
  it("gives line by line and takes commands", async () => {
    const child = new Child(["cat"]);
    child.send("first");
    child.send("second");
    expect([await child.line(), await child.line()]).toEqual(["first", "second"]);
    await child.stop();
    expect(() => process.kill(child.pid, 0)).toThrow("ESRCH");
  });

  it("says why a program ended instead of answering", async () => {
    const child = new Child([process.execPath, "--input-type=module", "-e", 'await import("no-such-package")']);
    await expect(child.line()).rejects.toThrow(new ChildError("Cannot find package 'no-such-package'"));
  });

  it("says that a program does not exist", async () => {
    const child = new Child(["/no/such/program"]);
    await expect(child.line()).rejects.toThrow("spawn /no/such/program ENOENT");
    await child.stop();
  });

  it("says how a silent program ended", async () => {
    await expect(new Child(["sh", "-c", "exit 3"]).line()).rejects.toThrow("ended with status 3");
    await expect(new Child(["sh", "-c", "kill -9 $$"]).line()).rejects.toThrow("ended by SIGKILL");
  });
});

describe("reasonIn", () => {
  it.each([
    [
      "Traceback (most recent call last):\n  File x\nModuleNotFoundError: No module named 'uvloop'\n",
      "ModuleNotFoundError: No module named 'uvloop'",
    ],
    [
      "node:internal/x:1\n    throw new Y();\n\nError [ERR_MODULE_NOT_FOUND]: Cannot find module '/a/node_modules/@b/c/dist/index.js' imported from /d\n    at e\n\nNode.js v20\n",
      "Cannot find module '@b/c/dist/index.js'",
    ],
    ["TypeError: x is not a function\n    at y\n", "TypeError: x is not a function"],
    ["bind: Address already in use\n", "bind: Address already in use"],
    ["", undefined],
  ])("of %j", (errors, reason) => expect(reasonIn(errors)).toBe(reason));
});
