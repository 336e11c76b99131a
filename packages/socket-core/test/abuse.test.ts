/** The addon's own functions, behind TypeScript's back: no argument may crash the process. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { run } from "./child.ts";

const addon =
  process.env.SOCKEYE_SOCKET_CORE_ADDON ??
  fileURLToPath(new URL(`../prebuilds/${process.platform}-${process.arch}/socket-core.node`, import.meta.url));
const script = fileURLToPath(new URL("abuse.child.mjs", import.meta.url));
const seed = Number(process.env.SOCKEYE_SEED ?? Math.floor(Math.random() * 2 ** 31));

test.each([1, seed])(
  "wrong arguments are exceptions or errors, seed %i",
  async (seed) => {
    const outcome = await run(process.execPath, ["--expose-gc", script, addon, String(seed), "30000"], {
      timeout: 60_000,
    });
    expect(outcome).toMatchObject({ code: 0, signal: null, stderr: "" });
    const { returned, failed, threw } = JSON.parse(outcome.stdout);
    for (const count of [returned, failed, threw]) expect(count).toBeGreaterThan(1_000);
  },
  90_000,
);
