import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

// SOCKEYE_UNDICI=undici-8 runs the same suite on the next undici.
const undici = process.env.SOCKEYE_UNDICI;

export default mergeConfig(shared, {
  // Most of these tests wait, for timers and for other programs.
  test: { maxWorkers: 4, typecheck: { include: ["test/**/*.test-d.ts"] } },
  resolve: { alias: undici ? { undici } : {} },
});
