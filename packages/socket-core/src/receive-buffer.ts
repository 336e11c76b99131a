/** Where `recv` receives: one slab for the process, so that a socket which waits holds no memory. */

/** The largest `recv` that goes through the slab; also more than the largest datagram of IPv4 and IPv6. */
export const SLAB_SIZE = 64 * 1024;
/** Below this a copy costs less than another slab. */
const COPY_BELOW = SLAB_SIZE / 2;

let slab = Buffer.allocUnsafeSlow(SLAB_SIZE);

/** The memory to receive into; valid until control returns to the loop. */
export function receiveSlab(): Buffer {
  return slab;
}

/** Takes what was just received. Small pieces are copied, a large one is handed over with the slab. */
export function takeReceived(length: number): Buffer {
  if (length < COPY_BELOW) {
    const copy = Buffer.allocUnsafe(length);
    slab.copy(copy, 0, 0, length);
    return copy;
  }
  const taken = slab.subarray(0, length);
  slab = Buffer.allocUnsafeSlow(SLAB_SIZE);
  return taken;
}
