// What a published package must pass: an API report for each entry point, equal to the committed one, then publint and
// are-the-types-wrong over the tarball that would be published. Run in a package's folder by its `check:package` script;
// `api:update` passes --update-api, which only rewrites the reports.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const update = process.argv.includes("--update-api");
const folder = process.cwd();
const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const bin = (name) => join(import.meta.dirname, "..", "node_modules", ".bin", name);
const temporary = mkdtempSync(join(tmpdir(), "check-package-"));
const problems = [];

/** The declarations behind one entry of `exports`, through nested conditions (`node`, `browser`, `import` …). */
function declarationsOf(target) {
  if (target === null || typeof target !== "object") return undefined;
  if (typeof target.types === "string") return target.types;
  for (const nested of Object.values(target)) {
    const found = declarationsOf(nested);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Names that the main entry exports, as the build's declarations list them at their end. */
function mainExports() {
  const declarations = declarationsOf(manifest.exports["."]);
  if (declarations === undefined || !existsSync(declarations)) return new Set();
  const lists = readFileSync(declarations, "utf8").matchAll(/^export \{([^}]*)\}/gm);
  const names = [...lists].flatMap(([, list]) => list.split(","));
  return new Set(
    names.map((name) =>
      name
        .trim()
        .replace(/^type /, "")
        .replace(/^.* as /, ""),
    ),
  );
}

function compareApi(reportFileName, subpath, declarations) {
  const shared = subpath === "." ? new Set() : mainExports();
  const config = ExtractorConfig.prepare({
    configObjectFullPath: join(folder, "api-extractor.json"),
    packageJsonFullPath: join(folder, "package.json"),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, declarations),
      newlineKind: "lf",
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: "NodeNext",
            target: "ES2023",
            lib: ["ES2024", "ESNext.Disposable"],
            types: ["node"],
            skipLibCheck: true,
          },
        },
      },
      apiReport: { enabled: true, reportFileName, reportFolder: join(folder, "api"), reportTempFolder: temporary },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: "warning", addToApiReportFile: false },
          "ae-forgotten-export": { logLevel: "error" },
          "ae-missing-release-tag": { logLevel: "none" },
          "ae-undocumented": { logLevel: "none" },
        },
        tsdocMessageReporting: { default: { logLevel: "none" } },
      },
    },
  });
  const result = Extractor.invoke(config, {
    localBuild: update,
    messageCallback(message) {
      message.handled = true;
      const isProblem = message.logLevel === "error" || message.logLevel === "warning";
      // Another entry point may name what users import from the main one.
      const [, forgotten] = /^The symbol "(\w+)" needs to be exported/.exec(message.text) ?? [];
      if (message.messageId === "ae-forgotten-export" && shared.has(forgotten)) return;
      // Differences of the report are shown as a diff below.
      if (!isProblem || message.category === "console") return;
      const place = message.sourceFilePath ? `${message.sourceFilePath}:${message.sourceFileLine}: ` : "";
      problems.push(`API of "${subpath}": ${place}${message.text} (${message.messageId})`);
    },
  });
  if (update || !result.apiReportChanged) return;
  const committed = join("api", reportFileName);
  const diff = existsSync(committed)
    ? spawnSync("git", ["diff", "--no-index", "--", committed, join(temporary, reportFileName)], { encoding: "utf8" })
        .stdout.split("\n")
        .slice(4)
        .join("\n")
    : "There is no committed report yet.";
  problems.push(
    `the public API of "${subpath}" is not what ${committed} says:\n${diff}\n` +
      "If that is meant: `npm run api:update`, commit the report and add a changeset.",
  );
}

function checkApi() {
  mkdirSync("api", { recursive: true });
  const reports = new Set();
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    const declarations = declarationsOf(target);
    if (declarations === undefined) continue;
    const suffix = subpath === "." ? "" : `-${subpath.slice(2).replaceAll("/", "-")}`;
    const report = `${basename(folder)}${suffix}.api.md`;
    reports.add(report);
    if (existsSync(declarations)) compareApi(report, subpath, declarations);
    else problems.push(`exports["${subpath}"] names ${declarations}, which the build did not write`);
  }
  for (const stale of readdirSync("api").filter((name) => name.endsWith(".api.md") && !reports.has(name))) {
    if (update) rmSync(join("api", stale));
    else problems.push(`api/${stale} belongs to no entry point: \`npm run api:update\` deletes it`);
  }
  return reports.size;
}

/** Packs as `pnpm publish` would, and returns the tarball and the paths in it. */
function pack() {
  const { stdout, stderr, status, error } = spawnSync(
    bin("pnpm"),
    ["pack", "--json", "--config.ignore-scripts=true", "--pack-destination", temporary],
    { encoding: "utf8", shell: process.platform === "win32" },
  );
  if (status !== 0) throw new Error(`pnpm pack failed: ${error?.message ?? stderr + stdout}`);
  const { filename, files } = JSON.parse(stdout);
  return { tarball: filename, files: files.map(({ path }) => path) };
}

async function checkTarball() {
  const { tarball, files } = pack();
  const content = readFileSync(tarball);

  for (const wanted of ["README.md", "LICENSE"]) {
    if (!files.includes(wanted)) problems.push(`the tarball has no ${wanted}`);
  }
  for (const path of files) {
    if (/(^|\/)(src|test|bench)\/|\.test\.|(^|\/)binding\.gyp$/.test(path)) {
      problems.push(`the tarball holds ${path}, which is not for users`);
    }
  }

  const linted = await publint({
    strict: true,
    pack: { tarball: content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength) },
  });
  for (const message of linted.messages) {
    problems.push(`publint ${message.type}: ${formatMessage(message, linted.pkg, { color: false })}`);
  }

  const attw = spawnSync(bin("attw"), [tarball, "--profile", "esm-only", "--format", "ascii", "--no-color"], {
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (attw.status !== 0) problems.push(`attw: ${attw.error?.message ?? attw.stdout + attw.stderr}`);
  return { files: files.length, size: content.byteLength };
}

try {
  const entryPoints = checkApi();
  if (update) {
    if (problems.length === 0) console.log(`${manifest.name}: ${entryPoints} API reports written to api/.`);
  } else {
    const { files, size } = await checkTarball();
    if (problems.length === 0) {
      const packed = `tarball of ${files} files, ${(size / 1024).toFixed(1)} KiB`;
      console.log(`${manifest.name}: API reports of ${entryPoints} entry points, publint and attw pass; ${packed}.`);
    }
  }
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
for (const problem of problems) console.error(`${manifest.name}: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
