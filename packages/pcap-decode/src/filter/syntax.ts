import type { ProtocolName } from "./keywords.ts";

/** What `src`, `dst` and the 802.11 addresses choose; `either` is `src or dst`, and what no word means. */
export type Direction =
  | "default"
  | "src"
  | "dst"
  | "either"
  | "both"
  | "addr1"
  | "addr2"
  | "addr3"
  | "addr4"
  | "ra"
  | "ta";

/** What kind of thing an identifier names. */
export type IdentifierType = "default" | "host" | "net" | "port" | "portrange" | "proto" | "protochain" | "gateway";

/** The words before an identifier; later identifiers of the same list inherit them. */
export interface Qualifiers {
  readonly protocol: ProtocolName | "default";
  readonly direction: Direction;
  readonly type: IdentifierType;
}

/** A number, name or address that qualifiers apply to. */
export type Identifier =
  | { readonly kind: "number"; readonly value: number; readonly text: string }
  | { readonly kind: "name"; readonly text: string }
  | { readonly kind: "ipv4"; readonly text: string; readonly prefix?: number; readonly mask?: string }
  | { readonly kind: "ipv6"; readonly text: string; readonly prefix?: number }
  | { readonly kind: "mac"; readonly text: string }
  | { readonly kind: "short-address"; readonly text: string };

/** A condition on a packet. */
export type Expression =
  | {
      readonly kind: "sequence";
      readonly first: Expression;
      readonly rest: readonly { readonly operator: "and" | "or"; readonly operand: Expression }[];
    }
  | { readonly kind: "not"; readonly operand: Expression }
  | {
      readonly kind: "identifier";
      readonly identifier: Identifier;
      readonly qualifiers: Qualifiers;
      readonly column: number;
    }
  | { readonly kind: "protocol"; readonly protocol: ProtocolName; readonly column: number }
  | {
      readonly kind: "relation";
      readonly operator: RelationOperator;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
      readonly column: number;
    }
  | { readonly kind: "field"; readonly name: string; readonly condition: FieldCondition; readonly column: number }
  | Primitive;

/** What the ATM and SS7 keywords compare a field with: a number, or any of a list. */
export type FieldCondition =
  | { readonly kind: "compare"; readonly operator: RelationOperator; readonly value: number }
  | { readonly kind: "any"; readonly conditions: readonly FieldCondition[] };

/** A test with a keyword of its own. */
export interface Primitive {
  readonly kind: "primitive";
  readonly name: string;
  readonly column: number;
  /** Protocol before `broadcast` and `multicast`. */
  readonly protocol?: ProtocolName | "default";
  /** Numbers and words after the keyword, in order. */
  readonly operands: readonly (number | string)[];
}

export type RelationOperator = "=" | "!=" | ">" | ">=" | "<" | "<=";

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>";

/** A number computed from a packet. */
export type Arithmetic =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "length" }
  | {
      readonly kind: "load";
      readonly protocol: ProtocolName;
      readonly index: Arithmetic;
      readonly size: number;
      readonly column: number;
    }
  | { readonly kind: "negate"; readonly operand: Arithmetic }
  | {
      readonly kind: "operation";
      readonly operator: ArithmeticOperator;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
      readonly column: number;
    };
