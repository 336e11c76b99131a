import { createRequire } from "node:module";
import { Agent } from "undici";
import { expect, test } from "vitest";

const require = createRequire(import.meta.url);

/** `npm run test:undici8` is worth nothing if it runs on the other one. */
test("the suite runs on the undici that was asked for", () => {
  const [wanted, other] = process.env.SOCKEYE_UNDICI === "8" ? ["undici-8", "undici"] : ["undici", "undici-8"];
  const { version } = require(`${wanted}/package.json`) as { version: string };
  expect(version).toMatch(wanted === "undici-8" ? /^8\./ : /^7\./);
  expect(Agent).toBe((require(wanted) as { Agent: unknown }).Agent);
  // The other one may need a newer Node.js.
  if (wanted === "undici-8") expect(Agent).not.toBe((require(other) as { Agent: unknown }).Agent);
});
