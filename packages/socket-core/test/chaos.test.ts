/** Random closes, bounded in time. SOCKEYE_STRESS=full does it for a minute. */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { dist, run } from "./child.ts";

const full = process.env.SOCKEYE_STRESS === "full";
const seed = Number(process.env.SOCKEYE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const seconds = full ? 60 : 2;
it(
  `closing at random moments from inside callbacks for ${seconds} s, seed ${seed}`,
  async () => {
    const script = fileURLToPath(new URL("chaos.child.mjs", import.meta.url));
    const outcome = await run(process.execPath, [script, dist, String(seed), String(seconds)], {
      timeout: (seconds + 60) * 1000,
    });
    expect(outcome).toMatchObject({ code: 0, signal: null, stderr: "" });
    const { closed, fulfilled, rejected, left, codes } = JSON.parse(outcome.stdout);
    if (full) console.log(outcome.stdout.trim());
    for (const count of [closed, fulfilled, rejected]) expect(count).toBeGreaterThan(100);
    expect(left).toBe(0);
    expect(codes).toContain("ERR_SOCKET_CLOSED");
    // Descriptor numbers that were mixed up would show here.
    for (const code of ["EBADF", "ENOTSOCK", "EINVAL"]) expect(codes).not.toContain(code);
  },
  (seconds + 70) * 1000,
);
