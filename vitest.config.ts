import { defineConfig } from "vitest/config";

/** For contributors: `npx vitest --project @sockeye/udp` from the root. Each package's own configuration applies. */
export default defineConfig({
  test: { projects: ["packages/*", "apps/*"] },
});
