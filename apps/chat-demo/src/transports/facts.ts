/** What every transport knows of the server. */
import type { Features } from "../protocol/frames.ts";

export interface Facts {
  /** The name of the server, to tell those of a cluster apart. */
  readonly server: string;
  readonly features: Features;
}
