import type { LayerType } from "../layer.ts";

/** What a computed field may look at: the packet as far as it is built, inner layers complete. */
export interface BuildContext {
  /** The whole packet. */
  readonly buffer: Uint8Array;
  /** Start of this layer's header. */
  readonly offset: number;
  /** Bytes of this layer's header. */
  readonly headerLength: number;
  /** End of this layer's payload. */
  readonly end: number;
  /** This layer's values as given, defaults filled in. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The layer inside this one, if any. */
  readonly next: LayerType | undefined;
  /** The layer around this one, if any. */
  readonly previous: LayerType | undefined;
  /**
   * Sum of the pseudo-header of the nearest IP layer below (RFC 9293 section 3.1, RFC 8200 section 8.1) for `length`
   * bytes of `protocol`; 0 when there is none.
   */
  pseudoHeader(protocol: number, length: number): number;
}
