import { defineConfig } from "vitest/config";

/** `npm run screenshots`: makes the pictures of the README anew. */
export default defineConfig({ test: { include: ["test/**/*.shots.ts"], testTimeout: 120_000, pool: "forks" } });
