import { createRequire } from "node:module";
import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

// SOCKEYE_UNDICI=8 runs the same suite on the next undici.
const undici8 = process.env.SOCKEYE_UNDICI === "8" ? createRequire(import.meta.url).resolve("undici-8") : null;

export default mergeConfig(shared, {
  // Most of these tests wait, for timers and for other programs.
  test: { maxWorkers: 4, typecheck: { include: ["test/**/*.test-d.ts"] } },
  resolve: { alias: undici8 === null ? {} : { undici: undici8 } },
});
