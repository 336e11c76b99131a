/** The end of a program that cannot go on. */

/** Says what to do and makes the exit code 1. What is unforeseen is shown whole, for a report. */
export function fail(advice: string | undefined, error: unknown): void {
  console.error(advice ?? error);
  process.exitCode = 1;
}
