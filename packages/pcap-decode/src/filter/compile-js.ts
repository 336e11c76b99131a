import type { Instruction } from "./instruction.ts";
import type { FilterProgram } from "./interpret.ts";
export function compileToJavaScript(_program: readonly Instruction[]): FilterProgram | undefined { return undefined; }
