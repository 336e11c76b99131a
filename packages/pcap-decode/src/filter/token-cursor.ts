import type { Token } from "./lexer.ts";

/** Deepest nesting of parentheses, `not` and `-`. */
const MAX_NESTING = 200;

const MISMATCH = Symbol("mismatch");

/** Whether a caught value is how a {@link TokenCursor} says that the grammar does not continue here. */
export function isMismatch(error: unknown): boolean {
  return error === MISMATCH;
}

/** A position in the words of an expression that remembers the furthest point where none of the tries went on. */
export class TokenCursor {
  readonly #tokens: readonly Token[];
  #furthest = 0;
  #depth = 0;
  readonly #expected = new Set<string>();
  position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.peek(0);
  }

  get type(): string {
    return this.peek(0).type;
  }

  get furthest(): { token: Token; expected: string[] } {
    return { token: this.#tokens[this.#furthest]!, expected: [...this.#expected].sort() };
  }

  peek(distance: number): Token {
    return this.#tokens[Math.min(this.position + distance, this.#tokens.length - 1)]!;
  }

  /** The current token; moves past it. */
  next(): Token {
    const token = this.peek(0);
    this.position++;
    return token;
  }

  expect(type: string): Token {
    if (this.type !== type) this.mismatch(/^[a-z]/.test(type) ? `a ${type}` : `"${type}"`);
    return this.next();
  }

  /** Remembers what could have stood here, for the message if nothing does. */
  note(...expected: string[]): void {
    if (this.position < this.#furthest) return;
    if (this.position > this.#furthest) {
      this.#furthest = this.position;
      this.#expected.clear();
    }
    for (const item of expected) this.#expected.add(item);
  }

  /** Ends this try: none of `expected` stands here. */
  mismatch(...expected: string[]): never {
    this.note(...expected);
    throw MISMATCH;
  }

  /** The result of `parse`, or `undefined` and the old position when it does not fit. */
  attempt<T>(parse: () => T): T | undefined {
    const start = this.position;
    const depth = this.#depth;
    try {
      return parse();
    } catch (error) {
      if (!isMismatch(error)) throw error;
      this.position = start;
      this.#depth = depth;
      return undefined;
    }
  }

  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T {
    if (this.#depth >= MAX_NESTING) this.mismatch(`at most ${MAX_NESTING} levels of nesting`);
    this.#depth++;
    const result = parse();
    this.#depth--;
    return result;
  }

  /** Type of the first token that is neither `(` nor `!`. */
  firstInParentheses(): string {
    let distance = 0;
    while (this.peek(distance).type === "(" || this.peek(distance).type === "!") distance++;
    return this.peek(distance).type;
  }
}
