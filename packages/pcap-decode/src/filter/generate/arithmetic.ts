import { and, branch, not, type Statement, statement, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import type { ProtocolName } from "../keywords.ts";
import type { Arithmetic, ArithmeticOperator, RelationOperator } from "../syntax.ts";
import { ETHER_TYPE } from "./ether-type.ts";
import { linkProtocol } from "./link.ts";
import { compare, loadIpHeaderLength, loadVariable } from "./load.ts";
import { IPV6_NEXT_HEADER, isFirstFragment } from "./port.ts";
import { ipProtocolNumber, namedProtocol, numberedProtocol } from "./protocol.ts";
import { allocate, fail, type GenerateState, type Offset, release } from "./state.ts";

/** Code that leaves a number in a scratch word, and what a packet must be for the number to mean something. */
interface Value {
  readonly statements: Statement[];
  readonly register: number;
  readonly test: Test | undefined;
}

const OPERATIONS: Readonly<Record<ArithmeticOperator, number>> = {
  "+": BPF.ADD,
  "-": BPF.SUB,
  "*": BPF.MUL,
  "/": BPF.DIV,
  "%": BPF.MOD,
  "&": BPF.AND,
  "|": BPF.OR,
  "^": BPF.XOR,
  "<<": BPF.LSH,
  ">>": BPF.RSH,
};

/** A jump and whether it is taken when the comparison does not hold. */
const RELATIONS: Readonly<Record<RelationOperator, readonly [jump: number, reversed: boolean]>> = {
  "=": [BPF.JEQ, false],
  "!=": [BPF.JEQ, true],
  ">": [BPF.JGT, false],
  ">=": [BPF.JGE, false],
  "<": [BPF.JGE, true],
  "<=": [BPF.JGT, true],
};

/** Whether a jump compares reversed. */
export function jumpFor(operator: RelationOperator): readonly [jump: number, reversed: boolean] {
  return RELATIONS[operator];
}

/** A comparison of two numbers. */
export function relation(
  state: GenerateState,
  operator: RelationOperator,
  leftTree: Arithmetic,
  rightTree: Arithmetic,
): Test {
  const left = evaluate(state, leftTree);
  const right = evaluate(state, rightTree);
  const [jump, reversed] = RELATIONS[operator];
  const statements = [
    ...left.statements,
    ...right.statements,
    statement(BPF.LDX | BPF.MEM, right.register),
    statement(BPF.LD | BPF.MEM, left.register),
  ];
  release(state, left.register);
  release(state, right.register);
  const comparison = branch(statements, jump, 0, BPF.X);
  const test = reversed ? not(comparison) : comparison;
  const needed = left.test && right.test ? and(left.test, right.test) : (left.test ?? right.test);
  return needed === undefined ? test : and(needed, test);
}

function evaluate(state: GenerateState, tree: Arithmetic): Value {
  switch (tree.kind) {
    case "constant":
      return store(state, [statement(BPF.LD | BPF.IMM, tree.value)], undefined);
    case "length":
      return store(state, [statement(BPF.LD | BPF.LEN)], undefined);
    case "negate": {
      const operand = evaluate(state, tree.operand);
      release(state, operand.register);
      return store(
        state,
        [...operand.statements, statement(BPF.LD | BPF.MEM, operand.register), statement(BPF.ALU | BPF.NEG)],
        operand.test,
      );
    }
    case "operation": {
      const left = evaluate(state, tree.left);
      const right = evaluate(state, tree.right);
      state.column = tree.column;
      assertPossible(state, tree.operator, right);
      const statements = [
        ...left.statements,
        ...right.statements,
        statement(BPF.LDX | BPF.MEM, right.register),
        statement(BPF.LD | BPF.MEM, left.register),
        statement(BPF.ALU | OPERATIONS[tree.operator] | BPF.X),
      ];
      release(state, left.register);
      release(state, right.register);
      // libpcap keeps the condition of the left operand only; the right one must be tested explicitly.
      return store(state, statements, left.test);
    }
    case "load":
      return evaluateLoad(state, tree);
  }
}

function store(state: GenerateState, statements: Statement[], test: Test | undefined): Value {
  const register = allocate(state);
  return { statements: [...statements, statement(BPF.ST, register)], register, test };
}

/** What is wrong with every packet is an error: the program could only reject. */
function assertPossible(state: GenerateState, operator: ArithmeticOperator, right: Value): void {
  const [first] = right.statements;
  if (first?.code !== (BPF.LD | BPF.IMM) || right.statements.length !== 2) return;
  if (operator === "/" && first.k === 0) fail(state, "division by zero");
  if (operator === "%" && first.k === 0) fail(state, "modulus by zero");
  if ((operator === "<<" || operator === ">>") && first.k > 31) fail(state, "shift by more than 31 bits");
}

const SIZES: Readonly<Record<number, number>> = { 1: BPF.B, 2: BPF.H, 4: BPF.W };

function evaluateLoad(state: GenerateState, tree: Extract<Arithmetic, { kind: "load" }>): Value {
  const index = evaluate(state, tree.index);
  state.column = tree.column;
  const size = SIZES[tree.size];
  if (size === undefined) return fail(state, "data size must be 1, 2, or 4");
  const register = allocate(state);
  release(state, index.register);
  const [statements, test] = indexed(state, tree.protocol, index, size);
  return {
    statements: [...index.statements, ...statements, statement(BPF.ST, register)],
    register,
    test: index.test === undefined ? test : test === undefined ? index.test : and(index.test, test),
  };
}

function indexed(
  state: GenerateState,
  protocol: ProtocolName,
  index: Value,
  size: number,
): [Statement[], Test | undefined] {
  const network = state.payload.constant + state.network;
  switch (protocol) {
    case "radio": {
      const radios = ["IEEE802_11_RADIOTAP", "IEEE802_11_RADIO_AVS", "PRISM_HEADER"];
      if (!radios.includes(String(state.linkType))) {
        return fail(state, "radio information not present in capture");
      }
      return [[statement(BPF.LDX | BPF.MEM, index.register), indirect(size, 0)], undefined];
    }
    case "link":
      return [[...indexInto(state, state.header, index), indirect(size, state.header.constant)], undefined];
    case "ip":
    case "ip6":
    case "arp":
    case "rarp":
    case "atalk":
    case "decnet":
    case "lat":
    case "sca":
    case "moprc":
    case "mopdl": {
      const statements = [...indexInto(state, state.payload, index), indirect(size, network)];
      return [statements, namedProtocol(state, protocol)];
    }
    case "tcp":
    case "udp":
    case "sctp":
    case "icmp":
    case "igmp":
    case "igrp":
    case "pim":
    case "vrrp":
    case "carp": {
      const statements = [
        ...loadIpHeaderLength(state),
        statement(BPF.LD | BPF.MEM, index.register),
        statement(BPF.ALU | BPF.ADD | BPF.X),
        statement(BPF.MISC | BPF.TAX),
        indirect(size, network),
      ];
      const inside = numberedProtocol(state, ipProtocolNumber(state, protocol), "ip");
      return [statements, and(inside, isFirstFragment(state))];
    }
    case "icmp6": {
      const link = linkProtocol(state, ETHER_TYPE.ip6);
      const test = and(link, compare(state, "payload", IPV6_NEXT_HEADER, BPF.B, ipProtocolNumber(state, "icmp6")));
      return [[...indexInto(state, state.payload, index), indirect(size, network + 40)], test];
    }
    default:
      return fail(state, `unsupported index operation: '${protocol}' has no bytes of its own`);
  }
}

/** The index, and what is variable before the bytes it counts from, in X. */
function indexInto(state: GenerateState, from: Offset, index: Value): Statement[] {
  const variable = loadVariable(state, from);
  if (variable.length === 0) return [statement(BPF.LDX | BPF.MEM, index.register)];
  return [
    ...variable,
    statement(BPF.LD | BPF.MEM, index.register),
    statement(BPF.ALU | BPF.ADD | BPF.X),
    statement(BPF.MISC | BPF.TAX),
  ];
}

function indirect(size: number, at: number): Statement {
  return statement(BPF.LD | BPF.IND | size, at);
}

/** `byte index operator value`. */
export function byteTest(state: GenerateState, at: number, operator: string, value: number): Test {
  if (value > 255) return fail(state, `byte argument ${value} greater than maximum 255`);
  switch (operator) {
    case "=":
      return compare(state, "header", at, BPF.B, value);
    case "<":
      return not(compare(state, "header", at, BPF.B, value, undefined, BPF.JGE));
    case ">":
      return compare(state, "header", at, BPF.B, value, undefined, BPF.JGT);
    default: {
      const operation = operator === "&" ? BPF.AND : BPF.OR;
      return not(
        branch([statement(BPF.LD | BPF.ABS | BPF.B, at), statement(BPF.ALU | operation | BPF.K, value)], BPF.JEQ, 0),
      );
    }
  }
}

/** `less` and `greater`: the length of the packet on the wire. */
export function lengthTest(operator: "less" | "greater", value: number): Test {
  const length = [statement(BPF.LD | BPF.LEN)];
  return operator === "greater" ? branch(length, BPF.JGE, value) : not(branch(length, BPF.JGT, value));
}
