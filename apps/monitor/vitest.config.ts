import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

/** A browser on a busy machine takes its time; what never comes still ends the test. */
export default mergeConfig(shared, { test: { testTimeout: 90_000, expect: { poll: { timeout: 20_000 } } } });
