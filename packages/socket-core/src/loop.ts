/**
 * This environment's share of the event loop: which descriptor a poll slot belongs to, and how many pending
 * operations keep the process alive (docs/decisions/001).
 */
import { native, supported } from "./native.ts";

/** Whoever a slot wakes. */
export interface Waking {
  wake(events: number): void;
}

/** [0] operations that hold the process, [1] whether the addon holds the loop for them, then pairs of slot and events. */
const HEADER = 2;
const BATCH = 1024;
const shared = new Int32Array(HEADER + 2 * BATCH);
const table: (Waking | undefined)[] = [];
let waking = false;

function onReady(count: number): void {
  waking = true;
  try {
    for (let i = HEADER; i < HEADER + count * 2; i += 2) table[shared[i]!]?.wake(shared[i + 1]!);
  } finally {
    waking = false;
  }
}

if (supported) native.start(onReady, shared);

/** The slot's owner hears of its events from now on; undefined: nobody does. */
export function setOwner(slot: number, owner: Waking | undefined): void {
  table[slot] = owner;
}

/** One more operation keeps the process alive. */
export function hold(): void {
  if (shared[0]!++ === 0 && shared[1] === 0) native.hold();
}

/**
 * One fewer. Inside a wake-up the addon looks at the count when the turn ends, so a server that is never idle does
 * not toggle. Elsewhere, say in a timer, there may be no further turn: the loop would wait for ever.
 */
export function letGo(): void {
  if (--shared[0]! === 0 && !waking && shared[1] !== 0) native.letGo();
}
