// What a published package must pass: publint, are-the-types-wrong, and an API report equal to the committed one.
// Run in a package's folder, by its `check:package` script. `--update-api` rewrites the report.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";

const update = process.argv.includes("--update-api");
const folder = process.cwd();
const manifest = JSON.parse(readFileSync("package.json", "utf8"));
let failed = false;

/** One report for each entry point that has declarations. */
function checkApi(subpath, declarations) {
  const name = subpath === "." ? basename(folder) : `${basename(folder)}-${subpath.slice(2).replaceAll("/", "-")}`;
  mkdirSync("api", { recursive: true });
  const config = ExtractorConfig.prepare({
    configObjectFullPath: join(folder, "api-extractor.json"),
    packageJsonFullPath: join(folder, "package.json"),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, declarations),
      compiler: { overrideTsconfig: { compilerOptions: { module: "NodeNext", target: "ES2023", lib: ["ES2024", "ESNext.Disposable"], types: ["node"], skipLibCheck: true } } },
      apiReport: { enabled: true, reportFileName: `${name}.api.md`, reportFolder: join(folder, "api"), reportTempFolder: join(tmpdir(), `api-${process.pid}`) },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: "warning", addToApiReportFile: false },
          "ae-missing-release-tag": { logLevel: "none" },
          "ae-forgotten-export": { logLevel: "error" },
          "ae-undocumented": { logLevel: "none" },
        },
        tsdocMessageReporting: { default: { logLevel: "none" } },
      },
    },
  });
  const result = Extractor.invoke(config, {
    localBuild: update,
    showVerboseMessages: false,
    messageCallback(message) {
      if (message.logLevel === "info" || message.logLevel === "verbose") message.handled = true;
    },
  });
  rmSync(join(tmpdir(), `api-${process.pid}`), { recursive: true, force: true });
  if (!result.succeeded) {
    if (result.apiReportChanged) console.error(`The public API of ${manifest.name} ${subpath} differs from api/${name}.api.md. If that is meant: npm run api:update, and add a changeset.`);
    failed = true;
  }
}

for (const [subpath, target] of Object.entries(manifest.exports)) {
  if (typeof target === "object" && target.types && existsSync(target.types)) checkApi(subpath, target.types);
}

if (!update) {
  const bin = (name) => join(import.meta.dirname, "..", "node_modules", ".bin", name);
  const run = (command, args) => {
    const { status } = spawnSync(command, args, { stdio: "inherit" });
    if (status !== 0) failed = true;
  };
  run(bin("publint"), ["--strict", "--pack", "pnpm"]);
  const pack = join(tmpdir(), `pack-${process.pid}`);
  mkdirSync(pack, { recursive: true });
  const packed = JSON.parse(execFileSync("pnpm", ["pack", "--json", "--pack-destination", pack], { encoding: "utf8" }));
  run(bin("attw"), [packed.filename, "--profile", "esm-only", "--format", "ascii"]);
  rmSync(pack, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
