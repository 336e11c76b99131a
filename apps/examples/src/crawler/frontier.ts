import type { Limits } from "./limits.ts";

/** A URL to be visited, and how it was found. */
export interface Target {
  readonly url: string;
  readonly kind: "page" | "sitemap";
  readonly depth: number;
  /** The page, or sitemap, that led here; null for the start. */
  readonly from: string | null;
  readonly redirects: number;
  /** How often it was asked for before. */
  readonly attempts: number;
}

interface Host {
  readonly name: string;
  readonly waiting: Target[];
  active: number;
  delay: number;
  /** When the next request may go out. */
  readyAt: number;
}

/** The URLs to be visited: each once, host by host in turn, and no host more often than its delay allows. */
export class Frontier {
  readonly #limits: Pick<Limits, "delay" | "hostConcurrency" | "urls">;
  readonly #now: () => number;
  readonly #known = new Set<string>();
  readonly #hosts = new Map<string, Host>();
  #waiting = 0;

  constructor(limits: Pick<Limits, "delay" | "hostConcurrency" | "urls">, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** How many are waiting. */
  get size(): number {
    return this.#waiting;
  }

  /** Adds a URL, its first mention only. False when it is known, or when there are as many as may be. */
  add(target: Target): boolean {
    if (!this.know(target.url)) return false;
    this.#enqueue(target);
    return true;
  }

  /** Notes a URL that need not be visited. False when it is known, or when there are as many as may be. */
  know(url: string): boolean {
    if (this.#known.has(url) || this.#known.size >= this.#limits.urls) return false;
    this.#known.add(url);
    return true;
  }

  /** Adds one that was taken before, to be next of its host. */
  again(target: Target): void {
    this.#enqueue(target, true);
  }

  #enqueue(target: Target, first = false): void {
    const host = this.#host(target.url);
    if (first) host.waiting.unshift(target);
    else host.waiting.push(target);
    this.#waiting++;
  }

  /** One that may be asked for now; or the milliseconds until there is one; or null when none is waiting for its time. */
  take(): Target | number | null {
    const now = this.#now();
    let soonest = Infinity;
    for (const host of this.#hosts.values()) {
      if (host.waiting.length === 0 || host.active >= this.#limits.hostConcurrency) continue;
      if (host.readyAt > now) {
        soonest = Math.min(soonest, host.readyAt - now);
        continue;
      }
      host.active++;
      host.readyAt = now + host.delay;
      this.#waiting--;
      // The other hosts come first the next time.
      this.#hosts.delete(host.name);
      this.#hosts.set(host.name, host);
      return host.waiting.shift()!;
    }
    return soonest === Infinity ? null : Math.max(1, Math.ceil(soonest));
  }

  /** The request for a target that was taken is over. */
  release(target: Target): void {
    this.#host(target.url).active--;
  }

  /** From the last request on, a host is asked only every `delay` ms. */
  slowDown(url: string, delay: number): void {
    const host = this.#host(url);
    host.readyAt = Math.max(host.readyAt, host.readyAt - host.delay + delay);
    host.delay = Math.max(host.delay, delay);
  }

  /** Nothing is asked of a host for so many milliseconds from now on. */
  pause(url: string, time: number): void {
    const host = this.#host(url);
    host.readyAt = Math.max(host.readyAt, this.#now() + time);
  }

  #host(url: string): Host {
    const name = new URL(url).host;
    let host = this.#hosts.get(name);
    if (!host) {
      host = { name, waiting: [], active: 0, delay: this.#limits.delay, readyAt: 0 };
      this.#hosts.set(name, host);
    }
    return host;
  }
}
