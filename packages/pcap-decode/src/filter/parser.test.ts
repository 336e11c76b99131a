import { describe, expect, it } from "vitest";
import { FilterError, FilterSyntaxError } from "./filter-error.ts";
import { MAX_EXPRESSION_LENGTH, parse } from "./parser.ts";
import type { Arithmetic, Expression } from "./syntax.ts";

/** A tree in brackets, so that what groups with what can be read. */
function show(tree: Expression | undefined): string {
  if (tree === undefined) return "";
  switch (tree.kind) {
    case "sequence":
      return tree.rest.reduce(
        (text, { operator, operand }) => `[${text} ${operator} ${show(operand)}]`,
        show(tree.first),
      );
    case "not":
      return `!${show(tree.operand)}`;
    case "identifier": {
      const { protocol, direction, type } = tree.qualifiers;
      return [protocol, direction, type, tree.identifier.text].filter((word) => word !== "default").join(" ");
    }
    case "relation":
      return `${showNumber(tree.left)} ${tree.operator} ${showNumber(tree.right)}`;
    case "protocol":
      return tree.protocol;
    case "field":
      return `${tree.name} ${JSON.stringify(tree.condition)}`;
    case "primitive":
      return [tree.name, ...tree.operands].join(" ");
  }
}

function showNumber(tree: Arithmetic): string {
  switch (tree.kind) {
    case "constant":
      return String(tree.value);
    case "length":
      return "len";
    case "load":
      return `${tree.protocol}[${showNumber(tree.index)}:${tree.size}]`;
    case "negate":
      return `(-${showNumber(tree.operand)})`;
    case "operation":
      return `(${showNumber(tree.left)} ${tree.operator} ${showNumber(tree.right)})`;
  }
}

describe("parse", () => {
  it.each([
    ["arp or icmp and greater 100", "[[arp or icmp] and greater 100]"],
    ["not arp and ip", "[!arp and ip]"],
    ["not (arp and ip)", "![arp and ip]"],
    ["tcp dst port 80 or 443", "[tcp dst port 80 or tcp dst port 443]"],
    ["host 10.0.0.1 and not 10.0.0.2", "[host 10.0.0.1 and !host 10.0.0.2]"],
    ["port (80 or 443 and 22)", "[[port 80 or port 443] and port 22]"],
    ["port 80 or (443 or (22 or 25))", "[port 80 or [port 443 or [port 22 or port 25]]]"],
    ["port 80 or ((443))", "[port 80 or port 443]"],
    ["port 80 or (443) = len", "[port 80 or 443 = len]"],
    ["port 80 or (tcp and 5 = len)", "[port 80 or [tcp and 5 = len]]"],
    ["src or dst host 10.0.0.1", "either host 10.0.0.1"],
    ["src and dst net 10", "both net 10"],
    ["tcp port 80 and (udp or arp) or 22", "[[tcp port 80 and [udp or arp]] or tcp port 22]"],
    ["portrange 1-1023", "portrange 1-1023"],
    ["ip proto \\tcp", "ip proto tcp"],
    ["vlan 5 and vlan (6)", "[vlan 5 and vlan 6]"],
    ["ether broadcast or ip6 multicast", "[broadcast or multicast]"],
    ["type mgt subtype beacon", "type mgt beacon"],
    ["llc rnr", "llc rnr"],
    ["byte 3 & 1", "byte 3 & 1"],
    ["", ""],
  ])("groups %s", (expression, expected) => {
    expect(show(parse(expression))).toBe(expected);
  });

  it.each([
    ["len + 1 * 2 - 3 = 0", "((len + (1 * 2)) - 3) = 0"],
    ["len & 1 << 2 | 3 = 0", "((len & (1 << 2)) | 3) = 0"],
    ["len % 3 + 1 = 2", "(len % (3 + 1)) = 2"],
    ["len + 3 % 1 * 2 = 2", "(len + (3 % (1 * 2))) = 2"],
    ["len ^ 1 & 2 = 0", "(len ^ (1 & 2)) = 0"],
    ["len & 1 ^ 2 = 0", "(len & (1 ^ 2)) = 0"],
    ["-len + 1 = 0", "((-len) + 1) = 0"],
    ["-len % 2 = 0", "(-(len % 2)) = 0"],
    ["(len + 1) * 2 != -(3 + 4)", "((len + 1) * 2) != (-(3 + 4))"],
    ["tcp[((tcp[12] & 0xf0) >> 2):4] = 5", "tcp[((tcp[12:1] & 240) >> 2):4] = 5"],
    ["(((len))) = (5)", "len = 5"],
  ])("gives operators libpcap's precedence in %s", (expression, expected) => {
    expect(show(parse(expression))).toBe(expected);
  });

  it.each([
    ["tcp port", 9, "a port"],
    ["tcp and", 8, "a keyword"],
    ["(tcp", 5, '")"'],
    ["tcp)", 4, '"and"'],
    ["10.0.0.1", 1, "a keyword"],
    ["tcp and 80", 9, "a keyword"],
    ["ip proto tcp", 10, "a protocol number"],
    ["src port 80 dst port 90", 13, '"and"'],
    ["dst proto 1", 5, "an address"],
    ["ether[0:tcp] = 1", 9, "a number"],
    ["ip[0] & 1", 10, "a comparison"],
    ["host and", 6, "an address"],
    ["vlan any", 6, "a number"],
    ["src or port 80", 8, '"dst"'],
    ["tcp portrange 23-", 17, "an arithmetic operator"],
  ])("refuses %s at column %i", (expression, column, expected) => {
    try {
      parse(expression);
    } catch (error) {
      expect(error).toBeInstanceOf(FilterSyntaxError);
      const syntaxError = error as FilterSyntaxError;
      expect(syntaxError.column).toBe(column);
      expect(syntaxError.code).toBe("ERR_FILTER_SYNTAX");
      if (expected !== "an arithmetic operator") expect(syntaxError.expected).toContain(expected);
      return;
    }
    throw new Error("nothing was thrown");
  });

  it("limits nesting and length", () => {
    const nested = (depth: number): string => `${"(".repeat(depth)}tcp${")".repeat(depth)}`;
    expect(show(parse(nested(150)))).toBe("tcp");
    expect(() => parse(nested(1000))).toThrow(FilterSyntaxError);
    expect(() => parse(`${"not ".repeat(1000)}tcp`)).toThrow(FilterSyntaxError);
    expect(() => parse(`len = ${"-".repeat(1000)}1`)).toThrow(FilterSyntaxError);
    expect(parse(`len${" + 1".repeat(1000)} = 1`)?.kind).toBe("relation");
    expect(() => parse(`len${" + 1".repeat(1001)} = 1`)).toThrow(FilterSyntaxError);
    expect(() => parse(" ".repeat(MAX_EXPRESSION_LENGTH + 1))).toThrow(FilterError);
  });

  it("takes long lists", () => {
    expect(parse(Array.from({ length: 2000 }, (_, index) => `port ${index}`).join(" or "))?.kind).toBe("sequence");
  });
});
