const WELL_KNOWN = 1024;

/**
 * Whether the lower endpoint is the client of a connection whose SYN is not there: the port below 1024 is the
 * server's if only one is, else whoever sent first is the client.
 */
export function guessClient(ports: number, senderIsA: boolean): boolean {
  const a = ports >>> 16;
  const b = ports & 0xffff;
  if (a < WELL_KNOWN !== b < WELL_KNOWN) return a >= WELL_KNOWN;
  return senderIsA;
}
