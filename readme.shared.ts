import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";

const root = import.meta.dirname;

/** One ```ts block of a README. */
export interface ReadmeBlock {
  /** Line of the block's first line of code in the README, from 1. */
  readonly line: number;
  readonly code: string;
}

/** The ```ts blocks of `folder`'s README.md, in order. */
export function readmeBlocks(folder: string): ReadmeBlock[] {
  const blocks: ReadmeBlock[] = [];
  let open: { line: number; fence: string; isTypeScript: boolean; code: string[] } | undefined;
  for (const [index, text] of readFileSync(join(folder, "README.md"), "utf8").split("\n").entries()) {
    const fence = /^ *(`{3,})(\w*)/.exec(text);
    if (open === undefined) {
      if (fence === null) continue;
      open = { line: index + 2, fence: fence[1]!, isTypeScript: /^(ts|typescript)$/.test(fence[2]!), code: [] };
    } else if (fence !== null && fence[1]!.length >= open.fence.length && fence[2] === "") {
      if (open.isTypeScript) blocks.push({ line: open.line, code: open.code.join("\n") });
      open = undefined;
    } else {
      open.code.push(text);
    }
  }
  return blocks;
}

/**
 * Type-checks the ```ts blocks of `folder`'s README.md against the built packages of this repository, and returns what
 * is wrong as `README.md:LINE: message`. Each block is a module; a name that it does not declare itself may come from
 * an earlier block. A README without a block is a problem too.
 */
export function readmeProblems(folder: string): string[] {
  const blocks = readmeBlocks(folder);
  if (blocks.length === 0) return ["README.md: no ```ts block"];

  const files = new Map<string, ts.SourceFile>();
  const declared = new Map<string, string>();
  for (const block of blocks) {
    const name = resolve(folder, `README.md.${block.line}.ts`);
    files.set(name, parse(name, asModule(name, block, declared)));
  }

  const options: ts.CompilerOptions = {
    ...baseOptions(),
    noUnusedLocals: false,
    noUnusedParameters: false,
    // The lines that asModule adds import and export types and values alike.
    verbatimModuleSyntax: false,
    isolatedModules: false,
    paths: workspacePaths(),
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.getCurrentDirectory = () => root;
  host.fileExists = (name) => files.has(name) || fileExists.call(host, name);
  host.getSourceFile = (name, ...rest) => files.get(name) ?? getSourceFile.call(host, name, ...rest);

  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.values()]
    .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])
    .map(({ file, start, code, messageText }) => {
      const { line } = ts.getLineAndCharacterOfPosition(file!, start!);
      return `README.md:${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, "\n  ")} (TS${code})`;
    });
}

/** Runs one self-contained block as a program of the package in `folder`, which must be built. */
export function runReadmeBlock(
  folder: string,
  block: ReadmeBlock,
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  // Inside the package, so that imports resolve as its own do; not in node_modules, where it could not import itself.
  const directory = resolve(folder, ".readme");
  const file = join(directory, `${process.pid}-${block.line}.mjs`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    file,
    ts.transpileModule(block.code, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    }).outputText,
  );
  const finished = new Promise<{ status: number | null; stdout: string; stderr: string }>((settle, reject) => {
    const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "pipe"], timeout: 20_000 });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject).on("close", (status) => settle({ status, stdout, stderr }));
  });
  return finished.finally(() => rmSync(directory, { recursive: true, force: true }));
}

/**
 * The block as a module on the README's own line numbers. Imports of earlier names stand behind the code (imports are
 * hoisted), and every name it declares or imports is exported for later blocks; `declared` maps each to its last module.
 */
function asModule(name: string, { line, code }: ReadmeBlock, declared: Map<string, string>): string {
  const file = parse(name, code);
  const own = new Set(file.statements.flatMap(namesOf));
  const used = new Set<string>();
  (function visit(node: ts.Node): void {
    if (ts.isIdentifier(node)) used.add(node.text);
    node.forEachChild(visit);
  })(file);

  const added = [...used]
    .filter((identifier) => !own.has(identifier) && declared.has(identifier))
    .map((identifier) => `import { ${identifier} } from ${JSON.stringify(declared.get(identifier))};`);
  for (const identifier of own) declared.set(identifier, name);
  const exported = file.statements.filter((statement) => !isExported(statement)).flatMap(namesOf);
  return `${"\n".repeat(line - 1)}${code}\n${added.join(" ")} export { ${[...new Set(exported)].join(", ")} };`;
}

/** The names that a statement adds to the top level of its module. */
function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => bindingNames(name));
  }
  if (ts.isImportDeclaration(statement)) {
    const { name, namedBindings } = statement.importClause ?? {};
    const named =
      namedBindings === undefined
        ? []
        : ts.isNamespaceImport(namedBindings)
          ? [namedBindings.name.text]
          : namedBindings.elements.map((element) => element.name.text);
    return name === undefined ? named : [name.text, ...named];
  }
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return isNamed && statement.name !== undefined ? [statement.name.text] : [];
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

function bindingNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : bindingNames(element.name)));
}

function parse(name: string, text: string): ts.SourceFile {
  const options = { languageVersion: ts.ScriptTarget.ESNext, impliedNodeFormat: ts.ModuleKind.ESNext } as const;
  return ts.createSourceFile(name, text, options, true);
}

function baseOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile);
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, root).options;
}

/** Each public entry point of the workspace, mapped to its built declarations. */
function workspacePaths(): Record<string, string[]> {
  const paths: Record<string, string[]> = {};
  for (const directory of readdirSync(join(root, "packages"))) {
    const folder = join(root, "packages", directory);
    if (!existsSync(join(folder, "package.json"))) continue;
    const manifest: { name: string; exports?: Record<string, unknown> } = JSON.parse(
      readFileSync(join(folder, "package.json"), "utf8"),
    );
    for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
      const declarations = declarationsOf(target);
      if (declarations !== undefined) paths[manifest.name + subpath.slice(1)] = [join(folder, declarations)];
    }
  }
  return paths;
}

/** The `types` of one entry of `exports`, through nested conditions. */
function declarationsOf(target: unknown): string | undefined {
  if (target === null || typeof target !== "object") return undefined;
  const { types, ...conditions } = target as Record<string, unknown>;
  if (typeof types === "string") return types;
  return Object.values(conditions).map(declarationsOf).find(Boolean);
}
