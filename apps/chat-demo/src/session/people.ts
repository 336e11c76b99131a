/** Who is in the room. */
import { nameKey } from "../protocol/name.ts";

export class People {
  /** By the key of the name. */
  readonly #nicks = new Map<string, string>();
  /** So many others are there, whose names the server did not list. */
  more = 0;

  /** By name. */
  get nicks(): string[] {
    return [...this.#nicks.values()].sort((a, b) => a.localeCompare(b));
  }

  set(nicks: readonly string[], more: number): void {
    this.#nicks.clear();
    for (const nick of nicks) this.add(nick);
    this.more = more;
  }

  add(nick: string): void {
    this.#nicks.set(nameKey(nick), nick);
  }

  remove(nick: string): void {
    this.#nicks.delete(nameKey(nick));
  }
}
