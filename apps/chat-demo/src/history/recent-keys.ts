/** The keys of the last messages, so that a message that is sent again is not said again. */
import { KEYS } from "./history.ts";

export class RecentKeys {
  /** In the order of their coming. */
  readonly #ids = new Map<string, number>();

  get(key: string): number | undefined {
    return this.#ids.get(key);
  }

  set(key: string, id: number): void {
    this.#ids.set(key, id);
    if (this.#ids.size > KEYS) {
      for (const oldest of this.#ids.keys()) {
        this.#ids.delete(oldest);
        break;
      }
    }
  }
}
