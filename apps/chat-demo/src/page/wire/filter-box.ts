/** A pcap-filter for what is shown: compiled here, with its faults at their columns. */
import { compileFilter, type Filter, FilterError } from "@sockeye/pcap-decode";
import { h } from "../dom.ts";

export interface FilterBox {
  readonly element: HTMLElement;
  /** What is in force; undefined shows everything. */
  readonly filter: Filter | undefined;
  /** Compiles again, for packets of another kind of link. */
  compile(): void;
}

/** Compiles as one types; an expression with a fault leaves the last one in force. */
export function createFilterBox(linkType: () => number, onChange: () => void): FilterBox {
  const field = h("input", {
    class: "field",
    "aria-label": "Filter, in the language of tcpdump",
    "aria-describedby": "filter-problem",
    placeholder: "Filter, such as: tcp[tcpflags] & tcp-push != 0",
    autocapitalize: "none",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "500",
  });
  const problem = h("output", { class: "why", id: "filter-problem", hidden: true });
  let filter: Filter | undefined;

  function compile(): void {
    const expression = field.value.trim() === "" ? undefined : field.value;
    try {
      filter = expression === undefined ? undefined : compileFilter(expression, { linkType: linkType() });
      problem.hidden = true;
      field.setAttribute("aria-invalid", "false");
      onChange();
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      problem.hidden = false;
      problem.textContent = explain(error);
      field.setAttribute("aria-invalid", "true");
    }
  }
  field.addEventListener("input", compile);
  return {
    element: h("div", { class: "wire-filter" }, field, problem),
    get filter() {
      return filter;
    },
    compile,
  };
}

/** The message under the column it is about; both lines are in letters of one width. */
function explain(error: FilterError): string {
  const message = error.message
    .replace(/ \(column \d+ of ".*"\)$/s, "")
    .replace(/^can't parse filter expression: /, "");
  if (error.column === undefined) return message;
  return `${" ".repeat(error.column - 1)}▲\n${message} (column ${error.column})`;
}
