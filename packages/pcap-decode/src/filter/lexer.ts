import { FilterSyntaxError } from "./filter-error.ts";
import { CONSTANTS, KEYWORDS } from "./keywords.ts";

/** One word of an expression. */
export interface Token {
  /**
   * A keyword's first spelling, an operator, or a kind of word: `number`, `name`, `ipv4` (also with two or three
   * parts), `ipv6`, `mac`, `short-address` (`$xx`), `end`.
   */
  readonly type: string;
  /** As written, without the backslash of an escaped name. */
  readonly text: string;
  /** Value of a `number`. */
  readonly value: number;
  /** Position in the expression, counted from 1. */
  readonly column: number;
}

const SPACE = /[ \t\r\n]+/y;
const WORD = /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y;
const NUMBER = /0[xX][0-9A-Fa-f]+|[0-9]+/y;
const IPV4 = /(?:0[xX][0-9A-Fa-f]+|[0-9]+)(?:\.(?:0[xX][0-9A-Fa-f]+|[0-9]+)){1,3}/y;
const MACS = [
  /[0-9A-Fa-f]{1,2}(?:(?::[0-9A-Fa-f]{1,2}){5}|(?:-[0-9A-Fa-f]{1,2}){5}|(?:\.[0-9A-Fa-f]{1,2}){5})/y,
  /[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}/y,
  /[0-9A-Fa-f]{12}/y,
];
const SHORT_ADDRESS = /\$[0-9A-Fa-f]{1,2}/y;
const OPERATOR = />=|<=|!=|==|<<|>>|&&|\|\||[+\-*/:[\]!<>()&|^=%]/y;
const ESCAPED = /\\[^ !()\n\t]+/y;
const BROKEN_MAC = /[0-9A-Fa-f]{1,2}:+(?:[0-9A-Fa-f]{1,2}:+)+/y;
const IPV6_CHARACTERS = /[0-9A-Fa-f:][0-9A-Fa-f:.]*/y;

interface Rule {
  readonly pattern: RegExp;
  readonly token: (text: string, column: number, expression: string) => Token;
}

/** Tried in this order; the longest match wins, the earlier rule on a tie, as in lex(1). */
const RULES: readonly Rule[] = [
  ...MACS.map((pattern): Rule => ({ pattern, token: word("mac") })),
  { pattern: NUMBER, token: (text, column, expression) => numberToken(text, column, expression) },
  { pattern: IPV4, token: word("ipv4") },
  {
    pattern: SHORT_ADDRESS,
    token: (text, column) => ({ type: "short-address", text: text.slice(1), value: 0, column }),
  },
  { pattern: BROKEN_MAC, token: reject((text) => `bogus ethernet address ${text}`) },
  { pattern: OPERATOR, token: (text, column) => ({ type: operator(text), text, value: 0, column }) },
  { pattern: WORD, token: wordToken },
  { pattern: ESCAPED, token: (text, column) => ({ type: "name", text: text.slice(1), value: 0, column }) },
];

/** The words of an expression, the last one of type `end`. Throws FilterSyntaxError for what is not a word. */
export function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < expression.length) {
    const space = lengthAt(SPACE, expression, at);
    if (space > 0) {
      at += space;
      continue;
    }
    const [length, rule] = longest(expression, at);
    if (length === 0 || rule === undefined) {
      throw new FilterSyntaxError(`illegal char '${expression[at]}'`, expression, at + 1);
    }
    tokens.push(rule.token(expression.slice(at, at + length), at + 1, expression));
    at += length;
  }
  tokens.push({ type: "end", text: "", value: 0, column: expression.length + 1 });
  return tokens;
}

const IPV6_RULE: Rule = { pattern: IPV6_CHARACTERS, token: word("ipv6") };

function longest(expression: string, at: number): [number, Rule | undefined] {
  let length = ipv6Length(expression, at);
  let winner = length > 0 ? IPV6_RULE : undefined;
  for (const rule of RULES) {
    const candidate = lengthAt(rule.pattern, expression, at);
    if (candidate > length) {
      length = candidate;
      winner = rule;
    }
  }
  return [length, winner];
}

function lengthAt(pattern: RegExp, expression: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(expression)?.[0].length ?? 0;
}

const LONGEST_IPV6 = 60;

/** Length of the longest text here that has the shape of an IPv6 address (its numbers are checked later). */
function ipv6Length(expression: string, at: number): number {
  const available = Math.min(lengthAt(IPV6_CHARACTERS, expression, at), LONGEST_IPV6);
  for (let length = available; length >= 2; length--) {
    if (hasIpv6Shape(expression.slice(at, at + length))) return length;
  }
  return 0;
}

function hasIpv6Shape(text: string): boolean {
  if (!text.includes(":")) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    const parts = half === "" ? [] : half.split(":");
    for (const [position, part] of parts.entries()) {
      const last = index === halves.length - 1 && position === parts.length - 1;
      if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups++;
      else if (last && /^[0-9]+(\.[0-9]+){3}$/.test(part)) groups += 2;
      else return false;
    }
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

function word(type: string): Rule["token"] {
  return (text, column) => ({ type, text, value: 0, column });
}

function reject(message: (text: string) => string): Rule["token"] {
  return (text, column, expression) => {
    throw new FilterSyntaxError(message(text), expression, column);
  };
}

function operator(text: string): string {
  return text === "==" ? "=" : (KEYWORDS.get(text) ?? text);
}

function wordToken(text: string, column: number): Token {
  const constant = CONSTANTS.get(text);
  if (constant !== undefined) return { type: "number", text, value: constant, column };
  return { type: KEYWORDS.get(text) ?? "name", text, value: 0, column };
}

/** C notation: `0x` hexadecimal, a leading 0 octal, else decimal; at most 32 bits. */
function numberToken(text: string, column: number, expression: string): Token {
  const kind = /^0[xX]/.test(text) ? "hexadecimal" : /^0./.test(text) ? "octal" : "decimal";
  if (kind === "octal" && /[89]/.test(text)) {
    throw new FilterSyntaxError(`number ${text} contains non-octal digit`, expression, column, ["number"]);
  }
  const value = kind === "octal" ? Number.parseInt(text, 8) : Number(text);
  if (value > 0xffffffff) {
    throw new FilterSyntaxError(`${kind} number ${text} overflows 32 bits`, expression, column, ["number"]);
  }
  return { type: "number", text, value, column };
}
