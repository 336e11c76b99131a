import fc from "fast-check";
import { expect, test } from "vitest";
import {
  applied,
  edit,
  emptyFilter,
  MAX_HISTORY,
  parseHistory,
  pointAt,
  recall,
  refused,
  revert,
} from "./filter-state.ts";

test("what is refused leaves what applies, and editing forgets the fault", () => {
  let state = applied(edit(emptyFilter(), "tcp"), "tcp");
  state = refused(edit(state, "tcp prot 80"), "syntax error", 5);
  expect(state).toMatchObject({ applied: "tcp", problem: "syntax error", column: 5 });
  expect(edit(state, "tcp port 80")).toMatchObject({ problem: "", column: undefined, applied: "tcp" });
  expect(revert(state)).toMatchObject({ text: "tcp", problem: "" });
});

test("the history is walked as in a shell, and one's own text comes back", () => {
  let state = emptyFilter(["udp", "tcp"]);
  state = edit(state, "icm");
  state = recall(state, 1);
  expect(state.text).toBe("udp");
  state = recall(recall(state, 1), 1);
  expect(state.text).toBe("tcp");
  state = recall(recall(recall(state, -1), -1), -1);
  expect(state).toMatchObject({ text: "icm", at: -1 });
});

test("what applies comes to the front of the history, once, and the history ends", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("", ...Array.from({ length: 40 }, (_, i) => `port ${i}`))), (expressions) => {
      const state = expressions.reduce((all, one) => applied(all, one), emptyFilter());
      const last = expressions.findLast((one) => one !== "");
      expect(state.history[0]).toBe(last);
      expect(new Set(state.history).size).toBe(state.history.length);
      expect(state.history.length).toBeLessThanOrEqual(MAX_HISTORY);
    }),
  );
});

test("the mark is below the fault, however long the expression", () => {
  expect(pointAt("tcp prot 80", 5)).toEqual({ text: "tcp prot 80", mark: 4 });
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 300 }), fc.nat(299), (expression, at) => {
      const column = (at % expression.length) + 1;
      const { text, mark } = pointAt(expression, column);
      expect(text[mark]).toBe(expression[column - 1]);
      expect(text.length).toBeLessThanOrEqual(61);
    }),
  );
});

test.each([[null], ["{"], ["{}"], ["7"], ['"tcp"']])("a stored history of %s is none", (stored) => {
  expect(parseHistory(stored)).toEqual([]);
});
test("a stored history keeps its texts", () => {
  expect(parseHistory('["tcp", 5, "udp"]')).toEqual(["tcp", "udp"]);
});
