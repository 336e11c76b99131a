/** The Wire view of this client: wanted or not, over connections that come and go. */
import type { ClientFrame, ServerFrame } from "../protocol/frames.ts";

/** The Wire view as the server has it. */
export interface WireState {
  readonly state: "on" | "off" | "refused";
  readonly reason?: string | undefined;
  readonly dropped?: number | undefined;
}

export class WireWatch {
  readonly #send: (frame: ClientFrame) => void;
  #wanted = false;
  #state: WireState = { state: "off" };

  constructor(send: (frame: ClientFrame) => void) {
    this.#send = send;
  }

  get state(): WireState {
    return this.#state;
  }

  /** Turns it on or off, also for connections to come. */
  want(on: boolean, { connected }: { connected: boolean }): void {
    this.#wanted = on;
    if (connected) this.#send({ type: "wire", on });
  }

  connected(): void {
    if (this.#wanted) this.#send({ type: "wire", on: true });
  }

  disconnected(): void {
    this.#state = { state: "off" };
  }

  /** The server tells how it is. */
  told({ state, reason, dropped }: Extract<ServerFrame, { type: "wire" }>): void {
    this.#state = { state, reason, dropped };
  }
}
