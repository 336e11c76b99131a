/** The filter box without the box: what applies, what is wrong, and what was applied before. */

/** Expressions that are remembered. */
export const MAX_HISTORY = 30;

export interface FilterState {
  /** What is in the box. */
  readonly text: string;
  /** What the packets are filtered by. */
  readonly applied: string;
  /** What is wrong with the text that was last tried; empty when nothing is. */
  readonly problem: string;
  /** Where, counted from 1. */
  readonly column: number | undefined;
  /** The newest first. */
  readonly history: readonly string[];
  /** Which of the history is in the box, or -1 while it is one's own text. */
  readonly at: number;
  /** One's own text, while the history is in the box. */
  readonly draft: string;
}

export function emptyFilter(history: readonly string[] = []): FilterState {
  return {
    text: "",
    applied: "",
    problem: "",
    column: undefined,
    history: history.slice(0, MAX_HISTORY),
    at: -1,
    draft: "",
  };
}

/** The text was edited: what was wrong with the last one says nothing about it. */
export function edit(state: FilterState, text: string): FilterState {
  return { ...state, text, problem: "", column: undefined, at: -1, draft: "" };
}

/** One step back in the history (`1`) or forward (`-1`), as in a shell. */
export function recall(state: FilterState, step: 1 | -1): FilterState {
  const at = state.at + step;
  if (at < -1 || at >= state.history.length) return state;
  const draft = state.at === -1 ? state.text : state.draft;
  const text = at === -1 ? draft : state.history[at]!;
  return { ...state, text, at, draft: at === -1 ? "" : draft, problem: "", column: undefined };
}

/** The text compiles and applies from now on. */
export function applied(state: FilterState, expression: string): FilterState {
  const history =
    expression === ""
      ? state.history
      : [expression, ...state.history.filter((one) => one !== expression)].slice(0, MAX_HISTORY);
  return { ...state, applied: expression, problem: "", column: undefined, history, at: -1, draft: "" };
}

/** The text does not compile; what applied before still does. */
export function refused(state: FilterState, problem: string, column: number | undefined): FilterState {
  return { ...state, problem, column };
}

/** Escape: back to what applies. */
export function revert(state: FilterState): FilterState {
  return { ...state, text: state.applied, problem: "", column: undefined, at: -1, draft: "" };
}

/** The expression around the fault and the place of the mark below it, for at most `width` characters. */
export function pointAt(expression: string, column: number, width = 60): { text: string; mark: number } {
  const at = Math.min(Math.max(0, column - 1), expression.length);
  const from = Math.max(0, Math.min(at - Math.floor(width / 2), expression.length - width));
  const text = expression.slice(from, from + width);
  return { text: `${from > 0 ? "…" : ""}${text}`, mark: at - from + (from > 0 ? 1 : 0) };
}

/** The history as it was stored; anything else than a list of texts is no history. */
export function parseHistory(stored: string | null): string[] {
  try {
    const list: unknown = JSON.parse(stored ?? "[]");
    return Array.isArray(list) ? list.filter((one) => typeof one === "string").slice(0, MAX_HISTORY) : [];
  } catch {
    return [];
  }
}
