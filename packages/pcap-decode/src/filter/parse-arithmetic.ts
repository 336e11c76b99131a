import { isProtocol } from "./keywords.ts";
import type { Arithmetic, ArithmeticOperator } from "./syntax.ts";
import type { TokenCursor } from "./token-cursor.ts";

/** `%` and `^` are missing: see {@link bindsTighter}. */
const PRECEDENCE: Readonly<Record<string, number>> = {
  "|": 1,
  "&": 2,
  "<<": 3,
  ">>": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  negate: 6,
};

const OPERATORS: ReadonlySet<string> = new Set(["|", "&", "<<", ">>", "+", "-", "*", "/", "%", "^"]);

/** Most operators in a row: code is generated from the tree, which is as deep as they are many. */
const MAX_OPERATORS = 1000;

/** A number computed from a packet: `len`, `ip[2:2] - 4`, `(tcp[12] & 0xf0) >> 2`. */
export function parseArithmetic(cursor: TokenCursor, before?: string): Arithmetic {
  let left = parseOperand(cursor);
  for (let operators = 0; ; operators++) {
    const { type: operator, column } = cursor.current;
    if (!OPERATORS.has(operator) || !bindsTighter(operator, before)) return left;
    if (operators === MAX_OPERATORS) return cursor.mismatch(`at most ${MAX_OPERATORS} operators`);
    cursor.next();
    const right = cursor.nested(() => parseArithmetic(cursor, operator));
    left = { kind: "operation", operator: operator as ArithmeticOperator, left, right, column };
  }
}

/**
 * Whether the operator after an operand takes it, rather than the one before it. libpcap's grammar gives `%` and `^`
 * no precedence, so its parser goes on reading wherever one of them stands on either side: `len % 3 + 1` is
 * `len % (3 + 1)`.
 */
function bindsTighter(operator: string, before: string | undefined): boolean {
  const mine = PRECEDENCE[operator];
  const theirs = before === undefined ? undefined : PRECEDENCE[before];
  return mine === undefined || theirs === undefined || mine > theirs;
}

function parseOperand(cursor: TokenCursor): Arithmetic {
  const { type, column, value } = cursor.current;
  switch (type) {
    case "number":
      cursor.next();
      return { kind: "constant", value };
    case "len":
      cursor.next();
      return { kind: "length" };
    case "-":
      cursor.next();
      return { kind: "negate", operand: cursor.nested(() => parseArithmetic(cursor, "negate")) };
    case "(": {
      cursor.next();
      const inside = cursor.nested(() => parseArithmetic(cursor));
      cursor.expect(")");
      return inside;
    }
  }
  if (!isProtocol(type)) return cursor.mismatch("a number", '"len"', "a protocol", '"("', '"-"');
  cursor.next();
  cursor.expect("[");
  const index = cursor.nested(() => parseArithmetic(cursor));
  let size = 1;
  if (cursor.type === ":") {
    cursor.next();
    size = cursor.expect("number").value;
  }
  cursor.expect("]");
  return { kind: "load", protocol: type, index, size, column };
}
