/** A TCP or UDP port of the command line; `otherwise` when none is given. Throws a RangeError that says what was given. */
export function portArgument(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new RangeError(`PORT must be a whole number from 0 to 65535, got ${JSON.stringify(text)}`);
  return Number(text);
}
