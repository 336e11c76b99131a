import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");

export function readManifest(folder) {
  const path = join(root, folder, "package.json");
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${join(folder, "package.json")}: ${error.message}`);
  }
}

/** The packages or the apps of the repository: `{ folder: "packages/udp", manifest }`, by name. */
export function workspaces(group) {
  const groupFolder = join(root, group);
  if (!existsSync(groupFolder)) return [];
  return readdirSync(groupFolder)
    .sort()
    .map((name) => `${group}/${name}`)
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .map((folder) => ({ folder, manifest: readManifest(folder) }));
}
