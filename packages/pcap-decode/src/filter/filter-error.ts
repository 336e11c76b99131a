/**
 * A filter expression that cannot become a program: a name that does not resolve, a number out of range, a test that
 * the link type does not have, or one that no packet can pass.
 */
export class FilterError extends Error {
  readonly code: string = "ERR_FILTER";
  /** The expression that was compiled. */
  readonly expression: string;
  /** Where in the expression the fault lies, counted from 1; `undefined` when it is the expression as a whole. */
  readonly column: number | undefined;

  constructor(message: string, expression: string, column?: number) {
    super(escapeControls(column === undefined ? message : `${message} (column ${column} of ${quote(expression)})`));
    this.name = "FilterError";
    this.expression = expression;
    this.column = column;
  }
}

/** A filter expression that pcap-filter(7)'s grammar does not have. */
export class FilterSyntaxError extends FilterError {
  override readonly code = "ERR_FILTER_SYNTAX";
  override readonly column: number;
  /** What could have stood at the column instead, sorted: keywords in quotes, kinds of words without. */
  readonly expected: readonly string[];

  constructor(message: string, expression: string, column: number, expected: readonly string[] = []) {
    super(message, expression, column);
    this.name = "FilterSyntaxError";
    this.column = column;
    this.expected = expected;
  }
}

const QUOTED_LENGTH = 200;

function quote(expression: string): string {
  return JSON.stringify(expression.length > QUOTED_LENGTH ? `${expression.slice(0, QUOTED_LENGTH)}…` : expression);
}

/** Names from an expression must not be able to move the cursor of a terminal. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
