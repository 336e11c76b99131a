// `npm run test:corpus`: what is compared with the captures and expectations of shared/corpus, a folder beside the
// repository. Where it is absent this says so and tests nothing.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const corpus = join(root, "../shared/corpus");
if (!existsSync(corpus)) {
  console.log(`Skipped: there is no ../shared/corpus beside the repository.`);
  process.exit(0);
}
const { status } = spawnSync("turbo", ["run", "test:corpus", "--output-logs=full"], { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
