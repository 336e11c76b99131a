import { expect, it } from "vitest";
import { parseCores } from "./cores.mjs";

it.each([
  ["0", [0]],
  ["0-3", [0, 1, 2, 3]],
  ["2,5-6,9\n", [2, 5, 6, 9]],
])("reads the list %j", (list, expected) => expect(parseCores(list)).toEqual(expected));
