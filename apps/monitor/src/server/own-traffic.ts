/** Keeps the monitor's own connections out of what it captures: showing a packet must not make another one. */

/**
 * `expression` without the traffic of the monitor's port. The exclusion comes first, because a `vlan` in the expression
 * changes what everything to its right means.
 */
export function withoutOwnTraffic(expression: string, port: number): string {
  const own = `not tcp port ${port}`;
  return expression.trim() === "" ? own : `${own} and (${expression})`;
}
