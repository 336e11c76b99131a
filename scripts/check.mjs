// What no other tool checks about the repository as a whole. `npm run check`, and part of `npm test`.
//   --write    rewrites the package table of README.md
//   --release  also asks for what only a published package needs
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { readManifest, root, workspaces } from "./workspaces.mjs";

const write = process.argv.includes("--write");
const release = process.argv.includes("--release");
const problems = [];
const packages = workspaces("packages");
const apps = workspaces("apps");
const rootManifest = readManifest(".");

/** Records a problem unless `ok`. */
function expect(ok, place, message) {
  if (!ok) problems.push(`${place}: ${message}`);
}

const show = (value) => (value === undefined ? "missing" : JSON.stringify(value));

// --- package.json ---

const scripts = {
  build: undefined,
  typecheck: undefined,
  lint: "biome check .",
  test: undefined,
  "check:package": "node ../../scripts/check-package.mjs",
  "api:update": "node ../../scripts/check-package.mjs --update-api",
};

function checkCommonFields(place, folder, manifest) {
  const is = (field, wanted) =>
    expect(manifest[field] === wanted, place, `"${field}" is ${show(manifest[field])}, expected ${show(wanted)}`);
  is("name", `@sockeye/${basename(folder)}`);
  is("license", "MIT");
  is("type", "module");
  expect(
    manifest.engines?.node === rootManifest.engines.node,
    place,
    `"engines.node" is ${show(manifest.engines?.node)}, expected ${show(rootManifest.engines.node)} as in the root`,
  );
  const { description } = manifest;
  expect(
    typeof description === "string" && description !== "" && !/[\n|]|\.$/.test(description),
    place,
    `"description" is ${show(description)}, expected one line without "|" and without a full stop`,
  );
  for (const script of ["preinstall", "install", "postinstall"]) {
    expect(
      manifest.scripts?.[script] === undefined,
      place,
      `"scripts.${script}" exists, but nothing here may run at install`,
    );
  }
}

function checkPublishedFields(place, folder, manifest) {
  expect(manifest.private !== true, place, `"private" is true, but everything in packages/ is published`);
  expect(/^\d+\.\d+\.\d+/.test(manifest.version), place, `"version" is ${show(manifest.version)}`);
  expect(Array.isArray(manifest.keywords) && manifest.keywords.length > 0, place, `"keywords" is empty or missing`);
  expect(manifest.sideEffects === false, place, `"sideEffects" is ${show(manifest.sideEffects)}, expected false`);
  expect(
    manifest.files?.includes("dist") === true,
    place,
    `"files" is ${show(manifest.files)}, expected a list with "dist"`,
  );
  for (const field of ["access", "provenance"]) {
    const wanted = field === "access" ? "public" : true;
    const actual = manifest.publishConfig?.[field];
    expect(actual === wanted, place, `"publishConfig.${field}" is ${show(actual)}, expected ${show(wanted)}`);
  }
  for (const [name, command] of Object.entries(scripts)) {
    const actual = manifest.scripts?.[name];
    expect(actual !== undefined, place, `"scripts.${name}" is missing`);
    if (command !== undefined && actual !== undefined) {
      expect(actual === command, place, `"scripts.${name}" is ${show(actual)}, expected ${show(command)}`);
    }
  }

  const exported = manifest.exports ?? {};
  expect(exported["."] !== undefined, place, `"exports" has no "."`);
  expect(exported["./package.json"] === "./package.json", place, `"exports" does not have "./package.json"`);
  for (const [subpath, target] of Object.entries(exported)) checkConditions(place, `exports["${subpath}"]`, target);

  const repository = manifest.repository;
  if (rootManifest.repository !== undefined) {
    const url = rootManifest.repository.url ?? rootManifest.repository;
    expect(
      repository?.url === url && repository?.directory === folder,
      place,
      `"repository" is ${show(repository)}, expected ${show({ type: "git", url, directory: folder })}`,
    );
  } else if (release) {
    expect(
      false,
      place,
      `"repository" is missing: npm refuses a provenance statement without it (add it in the root too)`,
    );
  }
}

/** TypeScript and Node take the first condition that fits, so `types` goes first and `default` last. */
function checkConditions(place, path, target) {
  if (target === null || typeof target !== "object") return;
  const conditions = Object.keys(target);
  const types = conditions.indexOf("types");
  const fallback = conditions.indexOf("default");
  expect(types <= 0, place, `${path}: "types" must come first`);
  expect(fallback === -1 || fallback === conditions.length - 1, place, `${path}: "default" must come last`);
  for (const condition of conditions) checkConditions(place, `${path}.${condition}`, target[condition]);
}

function checkVersions(place, manifest) {
  for (const field of ["dependencies", "devDependencies", "optionalDependencies"]) {
    for (const [name, version] of Object.entries(manifest[field] ?? {})) {
      if (name === "pnpm" && manifest === rootManifest) {
        const pinned = rootManifest.packageManager;
        expect(pinned === `pnpm@${version}`, place, `${field}.pnpm is ${version}, but "packageManager" is ${pinned}`);
      } else {
        const wanted = name.startsWith("@sockeye/") ? "workspace:^" : "catalog:";
        expect(version === wanted, place, `${field}["${name}"] is ${show(version)}, expected ${show(wanted)}`);
      }
    }
  }
  for (const [name, range] of Object.entries(manifest.peerDependencies ?? {})) {
    expect(
      manifest.devDependencies?.[name] !== undefined,
      place,
      `peerDependencies["${name}"] (${range}) is not in devDependencies, so no test can use it`,
    );
  }
}

// --- README.md ---

/** Headings outside of code blocks: `{ level, text }`. */
function headingsOf(markdown) {
  const prose = markdown.replace(/^( *)(`{3,})[^\n]*\n[\s\S]*?^ *\2`*\s*$/gm, "");
  return [...prose.matchAll(/^(#{1,6}) +(.+?)\s*$/gm)].map(([, marks, text]) => ({ level: marks.length, text }));
}

function checkReadme(folder, manifest) {
  const place = `${folder}/README.md`;
  if (!existsSync(join(root, place))) {
    problems.push(`${place}: missing`);
    return;
  }
  const headings = headingsOf(readFileSync(join(root, place), "utf8"));
  const titles = headings.filter(({ level }) => level === 1).map(({ text }) => text.replaceAll("`", ""));
  expect(
    titles.length === 1 && titles[0] === manifest.name,
    place,
    `the title is ${show(titles.join(", "))}, expected exactly one "# ${manifest.name}"`,
  );
  if (!folder.startsWith("packages/")) return;
  const sections = headings.filter(({ level }) => level === 2).map(({ text }) => text);
  for (const wanted of ["Install", "Usage", "Limits"]) {
    expect(
      sections.some((section) => section === wanted || section.startsWith(`${wanted} `)),
      place,
      `no section "## ${wanted}" (found: ${sections.join(", ") || "none"})`,
    );
  }
}

const tableHead = "| Package | What it is | Depends on |";

function tableRow({ folder, manifest }) {
  const quote = (names) => names.map((name) => `\`${name.replace("@sockeye/", "")}\``).join(", ");
  const needs = Object.keys(manifest.dependencies ?? {}).sort();
  const optional = Object.keys(manifest.peerDependencies ?? {}).sort();
  const parts = [needs.length > 0 ? quote(needs) : "nothing"];
  if (optional.length > 0) parts.push(`optional: ${quote(optional)}`);
  return `| [\`${manifest.name}\`](${folder}) | ${manifest.description} | ${parts.join("; ")} |`;
}

function checkPackageTable() {
  const path = join(root, "README.md");
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  const start = lines.indexOf(tableHead);
  if (start === -1) {
    problems.push(`README.md: no package table; its first line must be exactly: ${tableHead}`);
    return;
  }
  let end = start + 2;
  while (lines[end]?.startsWith("|")) end += 1;

  const folderOf = (row) => /\]\(([^)]+)\)/.exec(row)?.[1];
  const rows = lines.slice(start + 2, end);
  const wanted = new Map([...packages, ...apps].map((workspace) => [workspace.folder, tableRow(workspace)]));
  if (write) {
    // The order is the author's: known rows stay where they are, new ones follow.
    const folders = new Set([...rows.map(folderOf).filter((folder) => wanted.has(folder)), ...wanted.keys()]);
    lines.splice(start + 2, end - start - 2, ...[...folders].map((folder) => wanted.get(folder)));
    writeFileSync(path, lines.join("\n"));
    return;
  }
  const fix = "run `npm run check -- --write`";
  for (const [index, row] of rows.entries()) {
    const place = `README.md:${start + 3 + index}`;
    const folder = folderOf(row);
    if (!wanted.has(folder)) problems.push(`${place}: the table lists ${folder ?? row}, which does not exist; ${fix}`);
    else expect(row === wanted.get(folder), place, `the row should be (${fix}):\n    ${wanted.get(folder)}`);
    wanted.delete(folder);
  }
  for (const [folder, row] of wanted)
    problems.push(`README.md: the table does not list ${folder}; ${fix}:\n    ${row}`);
}

// --- every file ---

const traces = [
  [
    /(?<![\w.~$}/-])\/(?:root|work|workspace|workspaces|builds|home\/[\w.-]+|Users\/[\w.-]+)\/[\w.-]/,
    "a path of one machine",
  ],
  [/\b[A-Z]:\\+Users\\+\w/, "a path of one machine"],
  [/\b(?:tarball|resolved)"?: *"?https?:\/\/(?!registry\.npmjs\.org\/)/, "the address of a registry other than npm's"],
  [/\bregistry *[=:] *["']?https?:\/\/(?!registry\.npmjs\.org\b)/, "the address of a registry other than npm's"],
  [/:_(?:authToken|auth|password) *=/, "a registry credential"],
];

function checkTraces() {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const files = listed.split("\0").filter((file) => file !== "" && existsSync(join(root, file)));
  for (const file of files) {
    const content = readFileSync(join(root, file));
    if (content.includes(0)) continue;
    for (const [index, line] of content.toString("utf8").split("\n").entries()) {
      for (const [pattern, what] of traces) {
        const found = pattern.exec(line);
        if (found !== null)
          problems.push(`${file}:${index + 1}: ${what}: ${line.slice(found.index, found.index + 60)}`);
      }
    }
  }
  return files.length;
}

checkVersions("package.json", rootManifest);
for (const { folder, manifest } of packages) {
  const place = `${folder}/package.json`;
  checkCommonFields(place, folder, manifest);
  checkPublishedFields(place, folder, manifest);
  checkVersions(place, manifest);
  checkReadme(folder, manifest);
}
for (const { folder, manifest } of apps) {
  const place = `${folder}/package.json`;
  checkCommonFields(place, folder, manifest);
  expect(manifest.private === true, place, `"private" is ${show(manifest.private)}, but apps are not published`);
  checkVersions(place, manifest);
  checkReadme(folder, manifest);
}
checkPackageTable();
const fileCount = checkTraces();

for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`\n${problems.length} ${problems.length === 1 ? "problem" : "problems"} in the repository.`);
  process.exitCode = 1;
} else {
  console.log(`Repository: ${packages.length} packages, ${apps.length} apps and ${fileCount} files checked.`);
}
