/** What few descriptors need. It is made for those that do, because a connection that waits should be small. */
import type { Alarm } from "./alarm.ts";
import type { QueuedError } from "./error-queue.ts";
import { type AnyOperation, type Direction, ERRORS, READ, WRITE } from "./operation.ts";

/** A datagram socket holds so many sends that wait for room, by default. */
export const MAX_QUEUED_SENDS = 1_024;

/** The writing side is for calls with these arguments, while another thread writes. */
export interface Reservation {
  readonly syscall: string;
  readonly args: object;
}

export class Extras {
  maxQueuedSends: number = MAX_QUEUED_SENDS;
  /** Sends that wait behind the first, and the last of them. */
  queued = 0;
  lastWriter: AnyOperation | null = null;
  reserved: Reservation | null = null;
  /** What the kernel's error queue held when it had to be emptied; a call with MSG_ERRQUEUE takes it from here. */
  errors: QueuedError[] | null = null;
  errorReader: AnyOperation | null = null;
  /** SO_LINGER in seconds; null: it is off. */
  linger: number | null = null;
  alarm: Alarm | undefined = undefined;
  readonly retries: Record<Direction, NodeJS.Timeout | undefined> = {
    [READ]: undefined,
    [WRITE]: undefined,
    [ERRORS]: undefined,
  };
}
