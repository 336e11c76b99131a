import { defineConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

/** The captures and expectations in `shared/corpus`, a folder beside the repository; tests say so where it is absent. */
export default defineConfig({
  test: {
    ...shared.test,
    include: ["test/{corpus,filter}/**/*.corpus.ts"],
    testTimeout: 900_000,
    disableConsoleIntercept: true,
  },
});
