/**
 * The name of this client: what the server calls it, and what it wants to be called. The connection before may hold the
 * wanted name until the server finds out that it broke, so it is asked for again.
 */
import { nameKey } from "../protocol/name.ts";

/** Milliseconds between tries to have the wanted name back. */
const INTERVAL = 3_000;
const MAX_TRIES = 20;

export class OwnName {
  /** What to ask for on the next connection. */
  #wanted: string | undefined;
  #current: string | undefined;
  #tryAt: number | undefined;
  #tries = 0;

  constructor(wanted: string | undefined) {
    this.#wanted = wanted;
  }

  get wanted(): string | undefined {
    return this.#wanted;
  }

  /** The name that the server knows this client by, or the one it will ask for. */
  get current(): string | undefined {
    return this.#current ?? this.#wanted;
  }

  /** A connection begins under a name. The first one that is given instead of a taken one is the person's to change. */
  welcomed(nick: string, { isFirst, now }: { isFirst: boolean; now: number }): void {
    this.#current = nick;
    this.#tries = 0;
    if (this.#wanted === undefined || isFirst) this.#wanted = nick;
    else if (nameKey(nick) !== nameKey(this.#wanted)) this.#tryLater(now);
  }

  /** The server calls this client otherwise now. */
  named(nick: string): void {
    this.#current = this.#wanted = nick;
    this.forgo();
  }

  /** No longer asks for the wanted name: the person asks for another one, or there is no connection. */
  forgo(): void {
    this.#tryAt = undefined;
  }

  /** A name was refused. Returns whether it is the wanted one, which is asked for again. */
  refused(now: number): boolean {
    if (this.#tries === 0 || this.#current === this.#wanted) return false;
    this.#tryLater(now);
    return true;
  }

  #tryLater(now: number): void {
    if (this.#tries < MAX_TRIES) this.#tryAt = now + INTERVAL;
  }

  /** Whether to ask for the wanted name now. */
  isDue(now: number): boolean {
    if (this.#tryAt === undefined || now < this.#tryAt) return false;
    this.#tryAt = undefined;
    this.#tries++;
    return true;
  }
}
