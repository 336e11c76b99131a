import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

/** One after the other: they measure whether the page keeps up. */
export default mergeConfig(shared, { test: { maxWorkers: 1 } });
