/** The filter box: keys, history, and the fault at its column. */
import { find, make } from "./dom.ts";
import { applied, edit, emptyFilter, type FilterState, pointAt, recall, refused, revert } from "./filter-state.ts";
import { loadHistory, saveHistory } from "./settings.ts";

export class FilterBox {
  readonly #input = find<HTMLInputElement>("filter");
  readonly #problem = find("filter-problem");
  readonly #wanted: (expression: string) => void;
  readonly #left: () => void;
  #state: FilterState = emptyFilter(loadHistory());

  /** `wanted` is called with an expression to apply, `left` when Escape leaves the box. */
  constructor(wanted: (expression: string) => void, left: () => void) {
    this.#wanted = wanted;
    this.#left = left;
    this.#input.addEventListener("input", () => this.#set(edit(this.#state, this.#input.value)));
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    find<HTMLFormElement>("filter-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#wanted(this.#input.value.trim());
    });
    find("filter-clear").addEventListener("click", () => this.apply(""));
  }

  get applied(): string {
    return this.#state.applied;
  }

  focus(): void {
    this.#input.focus();
    this.#input.select();
  }

  /** Puts an expression in the box and applies it. */
  apply(expression: string): void {
    this.#set(edit(this.#state, expression));
    this.#wanted(expression);
  }

  /** It applies. */
  accept(expression: string): void {
    this.#set(applied(this.#state, expression));
    saveHistory(this.#state.history);
  }

  /** It does not compile. */
  refuse(problem: string, column: number | undefined): void {
    this.#set(refused(this.#state, problem, column));
    if (column !== undefined && document.activeElement === this.#input) {
      this.#input.setSelectionRange(column - 1, Math.max(column, this.#input.value.length));
    }
  }

  #set(state: FilterState): void {
    this.#state = state;
    if (this.#input.value !== state.text) this.#input.value = state.text;
    const { problem, column } = state;
    this.#input.setAttribute("aria-invalid", String(problem !== ""));
    this.#input.classList.toggle("active", state.applied !== "" && state.applied === state.text.trim());
    this.#problem.hidden = problem === "";
    const message = make("span", {}, `${column === undefined ? "" : `Column ${column}: `}${problem}`);
    this.#problem.replaceChildren(message);
    if (problem !== "" && column !== undefined) {
      const { text, mark } = pointAt(state.text, column);
      this.#problem.prepend(make("code", {}, `${text}\n${" ".repeat(mark)}^`));
    }
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      this.#set(recall(this.#state, event.key === "ArrowUp" ? 1 : -1));
      event.preventDefault();
    } else if (event.key === "Escape") {
      if (this.#state.text === this.#state.applied && this.#state.problem === "") this.#left();
      else this.#set(revert(this.#state));
      event.preventDefault();
      event.stopPropagation();
    }
  }
}
