/** Where a writer puts its bytes. */
import type { WaitOptions } from "@sockeye/socket-core";

/** What a `Writer` writes to; a connected stream Socket is one. */
export interface ByteSink {
  /** Whether it was closed on this side. */
  readonly closed: boolean;
  /**
   * Takes what there is room for: how many bytes, or `null` for none. The bytes are sent or copied when it returns.
   * Throws what broke the stream.
   */
  trySend(bytes: Uint8Array): number | null;
  /** Resolves when `trySend` would take something or throw. */
  writable(options: WaitOptions): Promise<void>;
  /** Called once, with SHUT_WR, when everything was sent: tells the peer that nothing follows. */
  shutdown(how: number): void | Promise<void>;
}
