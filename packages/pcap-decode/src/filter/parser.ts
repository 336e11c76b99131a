import { FilterError, FilterSyntaxError } from "./filter-error.ts";
import { isProtocol, type ProtocolName } from "./keywords.ts";
import { type Token, tokenize } from "./lexer.ts";
import { parseArithmetic } from "./parse-arithmetic.ts";
import { parsePrimitive, startsPrimitive } from "./parse-primitive.ts";
import type { Direction, Expression, Identifier, IdentifierType, Qualifiers, RelationOperator } from "./syntax.ts";
import { isMismatch, TokenCursor } from "./token-cursor.ts";

/** Longest expression that is accepted, in characters. */
export const MAX_EXPRESSION_LENGTH = 65_536;

const RELATIONS: ReadonlySet<string> = new Set(["=", "!=", ">", ">=", "<", "<="]);
const ARITHMETIC: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"]);
const DIRECTIONS: ReadonlySet<string> = new Set(["src", "dst", "addr1", "addr2", "addr3", "addr4", "ra", "ta"]);
const ADDRESS_TYPES: ReadonlySet<string> = new Set(["host", "net", "port", "portrange"]);
const PROTOCOL_TYPES: ReadonlySet<string> = new Set(["proto", "protochain", "gateway"]);
const IDENTIFIERS: ReadonlySet<string> = new Set(["name", "ipv4", "ipv6", "mac", "short-address"]);

/** A condition and the qualifiers that an identifier after it inherits. */
interface Parsed {
  readonly expression: Expression;
  readonly qualifiers: Qualifiers | undefined;
}

/**
 * The syntax tree of an expression of pcap-filter(7), `undefined` for one without words. Throws FilterSyntaxError at
 * the column where the grammar ends.
 *
 * libpcap's grammar is LALR(1); where one token does not tell a list of identifiers, a number and a condition in
 * parentheses apart, this parser tries one after the other. The error is that of the attempt that got furthest.
 */
export function parse(expression: string): Expression | undefined {
  if (expression.length > MAX_EXPRESSION_LENGTH) {
    throw new FilterError(
      `filter expression has ${expression.length} characters, at most ${MAX_EXPRESSION_LENGTH} are accepted`,
      expression,
    );
  }
  const cursor = new TokenCursor(tokenize(expression));
  if (cursor.type === "end") return undefined;
  try {
    const parsed = parseSequence(cursor, undefined);
    if (cursor.type !== "end") cursor.mismatch('"and"', '"or"', "end of the expression");
    return parsed.expression;
  } catch (error) {
    if (!isMismatch(error)) throw error;
    const { token, expected } = cursor.furthest;
    throw new FilterSyntaxError(syntaxMessage(token, expected), expression, token.column, expected);
  }
}

function syntaxMessage(token: Token, expected: readonly string[]): string {
  const found = token.type === "end" ? "the expression ends" : `found ${JSON.stringify(token.text)}`;
  const list = expected.length > 8 ? [...expected.slice(0, 8), "…"] : expected;
  const wanted = list.length > 0 ? `, expected ${list.join(", ")}` : "";
  return `can't parse filter expression: syntax error: ${found}${wanted}`;
}

/** `and` and `or` have one precedence and group from the left. */
function parseSequence(cursor: TokenCursor, inherited: Qualifiers | undefined): Parsed {
  const first = parseOperand(cursor, inherited, false);
  const rest: { operator: "and" | "or"; operand: Expression }[] = [];
  let qualifiers = first.qualifiers;
  for (;;) {
    const operator = cursor.type;
    if (operator !== "and" && operator !== "or") break;
    cursor.next();
    const operand = parseOperand(cursor, qualifiers, true);
    rest.push({ operator, operand: operand.expression });
    qualifiers = operand.qualifiers;
  }
  cursor.note('"and"', '"or"');
  const expression: Expression =
    rest.length === 0 ? first.expression : { kind: "sequence", first: first.expression, rest };
  return { expression, qualifiers };
}

/** A term or, after `and` and `or`, an identifier alone, which takes the qualifiers of the one before it. */
function parseOperand(cursor: TokenCursor, inherited: Qualifiers | undefined, identifiers: boolean): Parsed {
  const { type, column } = cursor.current;
  if (type === "!") {
    cursor.next();
    const operand = cursor.nested(() => parseOperand(cursor, inherited, identifiers));
    return { expression: { kind: "not", operand: operand.expression }, qualifiers: operand.qualifiers };
  }
  if (type === "(") return parseParentheses(cursor, inherited, identifiers);
  if (IDENTIFIERS.has(type) || (type === "number" && !startsArithmetic(cursor))) {
    if (!identifiers || inherited === undefined) {
      return cursor.mismatch("a keyword", '"("', '"not"', ...(identifiers ? [] : ["a number in a comparison"]));
    }
    return parseIdentifier(cursor, inherited);
  }
  if (type === "number" || type === "-" || type === "len" || (isProtocol(type) && cursor.peek(1).type === "[")) {
    return { expression: parseRelation(cursor), qualifiers: undefined };
  }
  if (startsPrimitive(cursor)) return { expression: parsePrimitive(cursor), qualifiers: undefined };
  const qualifiers = parseQualifiers(cursor);
  if (qualifiers !== undefined) return parseIdentifier(cursor, qualifiers);
  if (isProtocol(type)) {
    cursor.next();
    cursor.note('"["', '"src"', '"dst"', '"host"', '"net"', '"port"', '"portrange"', '"proto"', '"protochain"');
    return { expression: { kind: "protocol", protocol: type, column }, qualifiers: undefined };
  }
  return cursor.mismatch("a keyword", '"("', '"not"', "a number", ...(identifiers && inherited ? ["an address"] : []));
}

function startsArithmetic(cursor: TokenCursor): boolean {
  const { type } = cursor.peek(1);
  return RELATIONS.has(type) || ARITHMETIC.has(type);
}

function parseParentheses(cursor: TokenCursor, inherited: Qualifiers | undefined, identifiers: boolean): Parsed {
  return cursor.nested(() => {
    const inside = cursor.firstInParentheses();
    const numeric = inside === "number" || inside === "len" || inside === "-" || isProtocol(inside);
    const relation = numeric ? cursor.attempt(() => parseRelation(cursor)) : undefined;
    if (relation !== undefined) return { expression: relation, qualifiers: undefined };
    if (identifiers && inherited !== undefined && (inside === "number" || IDENTIFIERS.has(inside))) {
      const list = cursor.attempt(() => parseIdentifier(cursor, inherited));
      if (list !== undefined) return list;
    }
    cursor.expect("(");
    const { expression } = parseSequence(cursor, inherited);
    cursor.expect(")");
    return { expression, qualifiers: inherited };
  });
}

function parseRelation(cursor: TokenCursor): Expression {
  const left = parseArithmetic(cursor);
  const { type, column } = cursor.current;
  if (!RELATIONS.has(type)) return cursor.mismatch("a comparison", "an arithmetic operator");
  cursor.next();
  const right = parseArithmetic(cursor);
  return { kind: "relation", operator: type as RelationOperator, left, right, column };
}

/** `[protocol] [direction] [type]`, `undefined` when there is neither a direction nor a type. */
function parseQualifiers(cursor: TokenCursor): Qualifiers | undefined {
  const start = cursor.position;
  let protocol: ProtocolName | "default" = "default";
  if (isProtocol(cursor.type)) {
    protocol = cursor.type;
    cursor.next();
  }
  if (PROTOCOL_TYPES.has(cursor.type)) {
    return { protocol, direction: "default", type: cursor.next().type as IdentifierType };
  }
  const direction = parseDirection(cursor);
  if (ADDRESS_TYPES.has(cursor.type)) {
    return { protocol, direction, type: cursor.next().type as IdentifierType };
  }
  if (direction !== "default") {
    cursor.note('"host"', '"net"', '"port"', '"portrange"');
    return { protocol, direction, type: "default" };
  }
  cursor.position = start;
  return undefined;
}

function parseDirection(cursor: TokenCursor): Direction {
  const first = cursor.type;
  if (!DIRECTIONS.has(first)) return "default";
  cursor.next();
  const other = first === "src" ? "dst" : first === "dst" ? "src" : undefined;
  const joint = cursor.type;
  if (other !== undefined && (joint === "and" || joint === "or")) {
    cursor.next();
    if (cursor.type !== other) return cursor.mismatch(`"${other}"`);
    cursor.next();
    return joint === "and" ? "both" : "either";
  }
  return first as Direction;
}

/** An identifier, a negated one, or a list in parentheses: `80`, `not 80`, `(80 or 443)`. */
function parseIdentifier(cursor: TokenCursor, qualifiers: Qualifiers): Parsed {
  const { type, column } = cursor.current;
  if (type === "!") {
    cursor.next();
    const operand = cursor.nested(() => parseIdentifier(cursor, qualifiers));
    return { expression: { kind: "not", operand: operand.expression }, qualifiers };
  }
  if (type === "(") {
    cursor.next();
    const list = cursor.nested(() => parseIdentifierList(cursor, qualifiers));
    cursor.expect(")");
    return list;
  }
  const identifier = parseName(cursor, qualifiers);
  return { expression: { kind: "identifier", identifier, qualifiers, column }, qualifiers };
}

function parseIdentifierList(cursor: TokenCursor, qualifiers: Qualifiers): Parsed {
  const first = parseIdentifier(cursor, qualifiers).expression;
  const rest: { operator: "and" | "or"; operand: Expression }[] = [];
  for (;;) {
    const operator = cursor.type;
    if (operator !== "and" && operator !== "or") break;
    cursor.next();
    rest.push({ operator, operand: parseIdentifier(cursor, qualifiers).expression });
  }
  cursor.note('"and"', '"or"');
  return { expression: rest.length === 0 ? first : { kind: "sequence", first, rest }, qualifiers };
}

function parseName(cursor: TokenCursor, qualifiers: Qualifiers): Identifier {
  const { type, text, value } = cursor.current;
  switch (type) {
    case "number":
      cursor.next();
      return { kind: "number", value, text };
    case "name":
    case "mac":
    case "short-address":
      cursor.next();
      return { kind: type, text };
    case "ipv4": {
      cursor.next();
      if (cursor.type === "/") {
        cursor.next();
        return { kind: "ipv4", text, prefix: cursor.expect("number").value };
      }
      if (cursor.type === "mask") {
        cursor.next();
        return { kind: "ipv4", text, mask: cursor.expect("ipv4").text };
      }
      cursor.note('"/"', '"mask"');
      return { kind: "ipv4", text };
    }
    case "ipv6": {
      cursor.next();
      if (cursor.type !== "/") return { kind: "ipv6", text };
      cursor.next();
      return { kind: "ipv6", text, prefix: cursor.expect("number").value };
    }
    default:
      return cursor.mismatch(...wantedFor(qualifiers.type));
  }
}

function wantedFor(type: IdentifierType): string[] {
  switch (type) {
    case "port":
    case "portrange":
      return ["a port", "a service name", '"("'];
    case "proto":
    case "protochain":
      return ["a protocol number", "a protocol name (keywords need a backslash)", '"("'];
    case "gateway":
      return ["a host name", '"("'];
    default:
      return ["an address", "a name", '"("'];
  }
}
