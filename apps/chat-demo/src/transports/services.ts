/** What every transport is given. */
import type { Hub } from "../hub/hub.ts";
import type { Limits } from "../hub/limits.ts";
import type { Features } from "../protocol/frames.ts";
import type { WireTap } from "../wire/wire-tap.ts";
import type { PasswordGate } from "./password-gate.ts";

/** What `welcome` tells of the server. */
export interface Facts {
  /** Its name, to tell those of a cluster apart. */
  readonly server: string;
  readonly features: Features;
}

export interface Services {
  readonly hub: Hub;
  readonly limits: Limits;
  readonly facts: Facts;
  /** Undefined without a password. */
  readonly gate: PasswordGate | undefined;
  /** Undefined when packets are not to be shown. */
  readonly wire: WireTap | undefined;
  /** Hears of those that the server puts out. */
  onDrop(who: string, reason: string): void;
}
