import { isProtocol, type ProtocolName } from "./keywords.ts";
import type { Expression, FieldCondition, RelationOperator } from "./syntax.ts";
import type { TokenCursor } from "./token-cursor.ts";

/** Keywords with their operands: `#` a number, `(#)` a number that may be missing, `@` a name, `@#` either. */
const OPERANDS: Readonly<Record<string, readonly string[]>> = {
  less: ["#"],
  greater: ["#"],
  inbound: [],
  outbound: [],
  ifindex: ["#"],
  vlan: ["(#)"],
  mpls: ["(#)"],
  pppoed: [],
  pppoes: ["(#)"],
  geneve: ["(#)"],
  vxlan: ["(#)"],
  ifname: ["@"],
  rset: ["@"],
  rnr: ["#"],
  srnr: ["#"],
  reason: ["@#"],
  action: ["@"],
  lane: [],
  metac: [],
  bcc: [],
  oamf4sc: [],
  oamf4ec: [],
  oamf4: [],
  oam: [],
  sc: [],
  ilmic: [],
  connectmsg: [],
  metaconnect: [],
  fisu: [],
  lssu: [],
  msu: [],
  hfisu: [],
  hlssu: [],
  hmsu: [],
};

const FIELDS: ReadonlySet<string> = new Set("vpi vci sio opc dpc sls hsio hopc hdpc hsls".split(" "));
const RELATIONS: ReadonlySet<string> = new Set(["=", "!=", ">", ">=", "<", "<="]);
const AFTER_PROTOCOL: ReadonlySet<string> = new Set(["broadcast", "multicast", "type", "subtype", "dir"]);

/** Whether a test with a keyword of its own starts here. */
export function startsPrimitive(cursor: TokenCursor): boolean {
  const { type } = cursor.current;
  if (isProtocol(type)) return AFTER_PROTOCOL.has(cursor.peek(1).type);
  return AFTER_PROTOCOL.has(type) || type in OPERANDS || FIELDS.has(type) || type === "byte" || type === "llc";
}

/** The test that starts here. */
export function parsePrimitive(cursor: TokenCursor): Expression {
  const { column } = cursor.current;
  let protocol: ProtocolName | "default" = "default";
  if (isProtocol(cursor.type)) {
    protocol = cursor.type;
    cursor.next();
  }
  const name = cursor.next().type;
  if (FIELDS.has(name)) return { kind: "field", name, condition: parseCondition(cursor), column };
  return { kind: "primitive", name, column, protocol, operands: parseOperands(cursor, name) };
}

function parseOperands(cursor: TokenCursor, name: string): (number | string)[] {
  switch (name) {
    case "broadcast":
    case "multicast":
      return [];
    case "type": {
      const type = parseNumberOrName(cursor);
      if (cursor.type !== "subtype") {
        cursor.note('"subtype"');
        return [type];
      }
      cursor.next();
      return [type, parseNumberOrName(cursor)];
    }
    case "subtype":
      return [expectName(cursor)];
    case "dir":
      return [parseNumberOrName(cursor)];
    case "llc":
      return parseLlc(cursor);
    case "byte": {
      const offset = cursor.expect("number").value;
      const operator = cursor.type;
      if (!["&", "|", "<", ">", "="].includes(operator)) return cursor.mismatch('"&"', '"|"', '"<"', '">"', '"="');
      cursor.next();
      return [offset, operator, cursor.expect("number").value];
    }
    default:
      return OPERANDS[name]!.flatMap((kind) => parseOperand(cursor, kind));
  }
}

function parseOperand(cursor: TokenCursor, kind: string): (number | string)[] {
  if (kind === "#") return [cursor.expect("number").value];
  if (kind === "@") return [expectName(cursor)];
  if (kind === "@#") return [parseNumberOrName(cursor)];
  if (cursor.type !== "number" && cursor.type !== "(") {
    cursor.note("a number");
    return [];
  }
  return [parseNumber(cursor)];
}

/** A number, also in parentheses. */
function parseNumber(cursor: TokenCursor): number {
  if (cursor.type !== "(") return cursor.expect("number").value;
  cursor.next();
  const value = cursor.nested(() => parseNumber(cursor));
  cursor.expect(")");
  return value;
}

function parseNumberOrName(cursor: TokenCursor): number | string {
  if (cursor.type === "number") return cursor.next().value;
  if (cursor.type === "name") return cursor.next().text;
  return cursor.mismatch("a number", "a name");
}

function expectName(cursor: TokenCursor): string {
  return cursor.expect("name").text;
}

/** `rnr` is also the keyword of a PF rule number. */
function parseLlc(cursor: TokenCursor): string[] {
  if (cursor.type === "name" || cursor.type === "rnr") return [cursor.next().text];
  cursor.note("an LLC frame type");
  return [];
}

function parseCondition(cursor: TokenCursor): FieldCondition {
  if (RELATIONS.has(cursor.type)) {
    const operator = cursor.next().type as RelationOperator;
    return { kind: "compare", operator, value: cursor.expect("number").value };
  }
  if (cursor.type === "number") return { kind: "compare", operator: "=", value: cursor.next().value };
  cursor.note("a number", "a comparison");
  cursor.expect("(");
  const conditions = [cursor.nested(() => parseCondition(cursor))];
  while (cursor.type === "or") {
    cursor.next();
    conditions.push(cursor.nested(() => parseCondition(cursor)));
  }
  cursor.expect(")");
  return { kind: "any", conditions };
}
