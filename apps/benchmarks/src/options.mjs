import { closeSync, openSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { formatGoal } from "./comparison.mjs";
import { subjects } from "./subjects/index.mjs";

/**
 * @typedef {object} Options
 * @property {import("./subject.mjs").Subject[]} chosen the subjects to run
 * @property {boolean} quick
 * @property {number} [rounds]
 * @property {string} [json] a file that can be written
 * @property {boolean} check
 * @property {boolean} list
 */

/** @type {(name: string, previous?: import("./subject.mjs").Subject[]) => import("./subject.mjs").Subject[]} */
function chooseSubject(name, previous = []) {
  const found = subjects.find((subject) => subject.name === name);
  if (!found) throw new InvalidArgumentError(`Expected one of: ${subjects.map((subject) => subject.name).join(", ")}.`);
  return previous.includes(found) ? previous : [...previous, found];
}

/** @type {(text: string) => number} */
function rounds(text) {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError("Expected a whole number from 1 to 99.");
  return Number(text);
}

/** @type {(file: string) => string} */
function writableFile(file) {
  try {
    // Found out now and not after minutes of measuring; "a" leaves what the file holds.
    closeSync(openSync(file, "a"));
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be written: ${/** @type {Error} */ (error).message}.`);
  }
  return file;
}

/**
 * The options of a command line. Throws commander's CommanderError for `--help` and for a wrong argument, after its text has been
 * written.
 *
 * @param {readonly string[]} args without the program's name
 * @param {import("commander").OutputConfiguration} [output] where help and errors go
 * @returns {Options}
 */
export function parseOptions(args, output = {}) {
  const program = new Command("bench")
    .description(
      "Measures the packages against their peers, in turns and in one run, and prints the ratios beside their goals.",
    )
    .argument(
      "[subject...]",
      `what to measure: ${subjects.map(({ name }) => name).join(", ")} (default: all)`,
      chooseSubject,
    )
    .option("--quick", "2 rounds of a quarter of the work: a first look, about two minutes", false)
    .option("--rounds <n>", "how often each peer has its turn (default: 5)", rounds)
    .option("--json <file>", "also write the rows to a file, one object a line", writableFile)
    .option("--check", "exit with status 1 when a ratio misses its goal or one of our programs does not run", false)
    .option("--list", "print the subjects, their cases and goals, and measure nothing", false)
    .addHelpText(
      "after",
      `
Figures are medians; a spread is the least and the greatest of the rounds.
Exit status: 0, or 1 for --check. CC and PYTHON name a compiler and a Python.`,
    )
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .configureOutput(output)
    .allowExcessArguments(false);
  program.parse([...args], { from: "user" });
  const { quick, rounds: wanted, json, check, list } = program.opts();
  const [chosen] = program.processedArgs;
  return { chosen: chosen.length > 0 ? chosen : subjects, quick, rounds: wanted, json, check, list };
}

/**
 * The subjects, their cases and goals, as `--list` prints them.
 *
 * @param {readonly import("./subject.mjs").Subject[]} chosen
 */
export function formatList(chosen) {
  return chosen
    .flatMap(({ name, summary, cases, growth }) => [
      `${name}: ${summary}`,
      ...cases.flatMap(({ name: title, contestants, comparisons }) => [
        `  ${title}: ${contestants.map((contestant) => contestant.name).join(", ")}`,
        ...comparisons
          .filter(({ goal }) => goal)
          .map(({ measure, ours, peer, goal }) => `    ${measure}, ${ours} / ${peer} ${goal && formatGoal(goal)}`),
      ]),
      ...(growth ? [`  growth: ${growth.sizes.join(", ")} ${growth.what}`] : []),
    ])
    .join("\n");
}
