/**
 * Node's built-in modules without an import, so that one build serves Node and browsers: `undefined` where the
 * program does not run on Node.
 */
export function nodeModule<T>(id: string): T | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(id: string): unknown } };
  return process?.getBuiltinModule?.(id) as T | undefined;
}
