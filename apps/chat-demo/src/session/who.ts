/** Asks who is here and which rooms there are. What the client asks for itself is not shown to the person. */
import type { ClientFrame } from "../protocol/frames.ts";

export class Who {
  readonly #send: (frame: ClientFrame) => void;
  /** Who asked, for each answer on its way. An answer is a list of people and then one of rooms. */
  #asked: ("client" | "person")[] = [];

  constructor(send: (frame: ClientFrame) => void) {
    this.#send = send;
  }

  /** Asks, unless an answer is on its way. */
  refresh(): void {
    if (this.#asked.length === 0) this.#ask();
  }

  /** Asks about the room that was entered; what is on its way may be about another one. */
  entered(): void {
    this.#asked = this.#asked.filter((who) => who === "person");
    this.#ask();
  }

  /** The person asks. */
  personAsked(): void {
    this.#asked.push("person");
  }

  /** Whether the list of people that came is one that the person asked for. */
  get isPersons(): boolean {
    return this.#asked[0] !== "client";
  }

  /** The list of rooms came, and the answer is complete. Returns whether the person asked for it. */
  answered(): boolean {
    return this.#asked.shift() !== "client";
  }

  /** No answer comes any more. */
  disconnected(): void {
    this.#asked = [];
  }

  #ask(): void {
    this.#asked.push("client");
    this.#send({ type: "line", text: "/who" });
  }
}
