import type { Statement } from "../block.ts";
import { BPF, classOf, modeOf, operationOf, sizeOf, sourceOf } from "../instruction.ts";
import { A, NOTHING, UNKNOWN, X } from "./graph.ts";

/** A program that can only fail: it divides by zero or shifts by more than 31 bits for every packet. */
export class ImpossibleOperation extends Error {}

/** What changed in a pass. */
export interface Progress {
  changed: boolean;
  /** Something other than where branches lead. */
  statements: boolean;
}

/**
 * Value numbers: two atoms with the same number hold the same value, whatever the packet is. Numbers are given to
 * operations by what they do to which values.
 */
export class Values {
  readonly #numbers = new Map<string, number>();
  readonly #constants = new Map<number, number>();
  readonly #progress: Progress;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  number(code: number, first: number, second: number): number {
    const key = `${code},${first},${second}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    this.#numbers.set(key, number);
    if (modeOf(code) === BPF.IMM && (classOf(code) === BPF.LD || classOf(code) === BPF.LDX)) {
      this.#constants.set(number, first);
    }
    return number;
  }

  constantNumber(value: number): number {
    return this.number(BPF.LD | BPF.IMM | BPF.W, value, 0);
  }

  /** The value of a number that is a constant. */
  constant(number: number): number | undefined {
    return this.#constants.get(number);
  }

  /** Runs a statement on value numbers; with `alter`, replaces it by a simpler one where that does the same. */
  step(item: Statement, values: Int32Array, alter: boolean): void {
    switch (classOf(item.code)) {
      case BPF.LD:
        this.#load(item, values, alter);
        break;
      case BPF.LDX:
        this.#loadX(item, values, alter);
        break;
      case BPF.ST:
        assign(item, values, item.k, values[A]!, alter);
        break;
      case BPF.STX:
        assign(item, values, item.k, values[X]!, alter);
        break;
      case BPF.ALU:
        if (operationOf(item.code) === BPF.NEG) this.#negate(item, values, alter);
        else if (sourceOf(item.code) === BPF.K) this.#operateConstant(item, values, alter);
        else this.#operate(item, values, alter);
        break;
      case BPF.MISC:
        if (item.code & BPF.TXA) assign(item, values, A, values[X]!, alter);
        else assign(item, values, X, values[A]!, alter);
        break;
    }
  }

  #load(item: Statement, values: Int32Array, alter: boolean): void {
    let number: number;
    switch (modeOf(item.code)) {
      case BPF.IND: {
        const index = values[X]!;
        const known = this.constant(index);
        if (alter && known !== undefined) {
          item.code = BPF.LD | BPF.ABS | sizeOf(item.code);
          item.k = (item.k + known) >>> 0;
          number = this.number(item.code, item.k, 0);
          this.#altered();
        } else {
          number = this.number(item.code, item.k, index);
        }
        break;
      }
      case BPF.MEM: {
        number = values[item.k]!;
        const known = this.constant(number);
        if (alter && known !== undefined) {
          item.code = BPF.LD | BPF.IMM;
          item.k = known;
          this.#altered();
        }
        break;
      }
      case BPF.IMM:
        number = this.constantNumber(item.k);
        break;
      default:
        number = this.number(item.code, item.k, 0);
    }
    assign(item, values, A, number, alter);
  }

  #loadX(item: Statement, values: Int32Array, alter: boolean): void {
    let number: number;
    if (modeOf(item.code) === BPF.MEM) {
      number = values[item.k]!;
      const known = this.constant(number);
      if (alter && known !== undefined) {
        item.code = BPF.LDX | BPF.IMM;
        item.k = known;
        this.#altered();
      }
    } else if (modeOf(item.code) === BPF.IMM) {
      number = this.constantNumber(item.k);
    } else {
      number = this.number(item.code, item.k, 0);
    }
    assign(item, values, X, number, alter);
  }

  #negate(item: Statement, values: Int32Array, alter: boolean): void {
    const known = this.constant(values[A]!);
    if (!alter || known === undefined) {
      values[A] = this.number(item.code, values[A]!, 0);
      return;
    }
    this.#becomes(item, values, -known >>> 0);
  }

  #operateConstant(item: Statement, values: Int32Array, alter: boolean): void {
    const operation = operationOf(item.code);
    if (alter && item.k === 0) {
      if (LEAVES_UNCHANGED.has(operation)) {
        item.code = NOTHING;
        return;
      }
      if (operation === BPF.MUL || operation === BPF.AND) {
        item.code = BPF.LD | BPF.IMM;
        values[A] = this.constantNumber(0);
        return;
      }
      if (operation === BPF.DIV) throw new ImpossibleOperation("division by zero");
      if (operation === BPF.MOD) throw new ImpossibleOperation("modulus by zero");
    }
    if (alter && operation === BPF.AND && item.k === 0xffffffff) {
      item.code = NOTHING;
      return;
    }
    const known = this.constant(values[A]!);
    if (alter && known !== undefined) {
      this.#becomes(item, values, calculate(operation, known, item.k));
      return;
    }
    values[A] = this.number(item.code, values[A]!, this.constantNumber(item.k));
  }

  #operate(item: Statement, values: Int32Array, alter: boolean): void {
    const operation = operationOf(item.code);
    const left = this.constant(values[A]!);
    const right = this.constant(values[X]!);
    if (alter && right !== undefined) {
      if (left !== undefined) {
        this.#becomes(item, values, calculate(operation, left, right));
        return;
      }
      item.code = BPF.ALU | BPF.K | operation;
      item.k = right;
      if ((operation === BPF.LSH || operation === BPF.RSH) && right > 31) {
        throw new ImpossibleOperation("shift by more than 31 bits");
      }
      this.#altered();
      values[A] = this.number(item.code, values[A]!, this.constantNumber(right));
      return;
    }
    if (alter && left === 0) {
      if (operation === BPF.ADD || operation === BPF.OR || operation === BPF.XOR) {
        item.code = BPF.MISC | BPF.TXA;
        assign(item, values, A, values[X]!, alter);
        return;
      }
      if (operation !== BPF.SUB) {
        item.code = BPF.LD | BPF.IMM;
        item.k = 0;
        assign(item, values, A, this.constantNumber(0), alter);
        return;
      }
    }
    values[A] = this.number(item.code, values[A]!, values[X]!);
  }

  #becomes(item: Statement, values: Int32Array, value: number): void {
    item.code = BPF.LD | BPF.IMM;
    item.k = value;
    this.#altered();
    values[A] = this.constantNumber(value);
  }

  #altered(): void {
    this.#progress.changed = true;
    this.#progress.statements = true;
  }
}

const LEAVES_UNCHANGED: ReadonlySet<number> = new Set([BPF.ADD, BPF.LSH, BPF.RSH, BPF.OR, BPF.XOR]);

function assign(item: Statement, values: Int32Array, atom: number, number: number, alter: boolean): void {
  if (alter && number !== UNKNOWN && values[atom] === number) item.code = NOTHING;
  else values[atom] = number;
}

/** A constant operation with 32-bit unsigned operands. */
function calculate(operation: number, left: number, right: number): number {
  switch (operation) {
    case BPF.ADD:
      return (left + right) >>> 0;
    case BPF.SUB:
      return (left - right) >>> 0;
    case BPF.MUL:
      return Math.imul(left, right) >>> 0;
    case BPF.DIV:
      if (right === 0) throw new ImpossibleOperation("division by zero");
      return Math.floor(left / right);
    case BPF.MOD:
      if (right === 0) throw new ImpossibleOperation("modulus by zero");
      return left % right;
    case BPF.AND:
      return (left & right) >>> 0;
    case BPF.OR:
      return (left | right) >>> 0;
    case BPF.XOR:
      return (left ^ right) >>> 0;
    case BPF.LSH:
      return right > 31 ? 0 : (left << right) >>> 0;
    default:
      return right > 31 ? 0 : left >>> right;
  }
}
