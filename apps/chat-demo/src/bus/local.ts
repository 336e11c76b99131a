/** The bus of a server that is alone. */
import type { Logger } from "pino";
import type { History, KeyedMessage } from "../history/history.ts";
import type { Bus, Draft, Listener } from "./bus.ts";

interface Waiting extends KeyedMessage {
  readonly origin: unknown;
  resolve(id: number): void;
  reject(error: unknown): void;
}

/**
 * Keeps a message before anybody hears it, so that what was seen is never said again after a crash. What comes in one
 * turn of the loop is kept together.
 */
export class LocalBus implements Bus {
  readonly isReady = true;
  readonly #history: History;
  readonly #log: Logger | undefined;
  #failing = false;
  #listener: Listener = () => {};
  #waiting: Waiting[] = [];
  /** Keys of what waits. */
  readonly #keys = new Map<string, Promise<number>>();
  #lastId: number;
  #timer: NodeJS.Immediate | undefined;

  /** `log` hears when the history fails, such as on a full disk, and when it works again. */
  constructor(history: History, log?: Logger) {
    this.#history = history;
    this.#log = log;
    this.#lastId = history.lastId;
  }

  listen(listener: Listener): void {
    this.#listener = listener;
  }

  publish({ key, ...said }: Draft, origin: unknown): Promise<number> {
    if (key !== undefined) {
      const id = this.#history.idOf(key);
      if (id !== undefined) return Promise.resolve(id);
      const waiting = this.#keys.get(key);
      if (waiting !== undefined) return waiting;
    }
    const message = { ...said, id: ++this.#lastId, time: Date.now() };
    if (!this.#history.durable) {
      this.#history.append([{ message, key }]);
      this.#listener(message, key, origin);
      return Promise.resolve(message.id);
    }
    const kept = new Promise<number>((resolve, reject) => {
      this.#waiting.push({ message, key, origin, resolve, reject });
    });
    // Who does not wait for it hears of a failure in another way.
    kept.catch(() => {});
    if (key !== undefined) this.#keys.set(key, kept);
    this.#timer ??= setImmediate(() => this.#keep());
    return kept;
  }

  #keep(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#keys.clear();
    try {
      this.#history.append(batch);
    } catch (error) {
      if (!this.#failing) this.#log?.error({ err: error }, `Messages cannot be kept: ${String(error)}`);
      this.#failing = true;
      for (const { reject } of batch) reject(error);
      return;
    }
    if (this.#failing) this.#log?.info("Messages are kept again");
    this.#failing = false;
    for (const { message, key, origin, resolve } of batch) {
      this.#listener(message, key, origin);
      resolve(message.id);
    }
  }

  flush(): void {
    if (this.#waiting.length > 0) this.#keep();
  }

  async close(): Promise<void> {
    this.flush();
  }
}
