/** What the other servers of a cluster hear of this one. */
export interface Cluster {
  /** Its name: of two that gave somebody the same nickname at the same time, the greater one takes it back. */
  readonly server: string;
  /** Who is here has changed. */
  changed(): void;
  whisper(server: string, whisper: Whisper): void;
  /** The server's word to a room. */
  notice(room: string, text: string): void;
}

/** What somebody says to one person. */
export interface Whisper {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

/** Of a server that is alone. */
export const alone: Cluster = { server: "", changed() {}, whisper() {}, notice() {} };
