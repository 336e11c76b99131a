/** The password of the chat, and the patience with those who do not know it. Without I/O. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { isIPv6 } from "node:net";

/** After the first wrong password of an address it waits so long, in milliseconds, and twice as long after each other. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 60_000;
/** So long after its last wrong password an address is forgotten, in milliseconds. */
const FORGET_AFTER = 10 * 60_000;
/** Addresses that are remembered; the oldest are forgotten. */
const MAX_ADDRESSES = 10_000;

interface Failures {
  count: number;
  last: number;
}

/** Let in, wrong, or to be asked again in so many milliseconds: then it was not even looked at. */
export type Verdict = "right" | "wrong" | { wait: number };

export class PasswordGate {
  readonly #secret: Buffer = randomBytes(32);
  readonly #digest: Buffer;
  readonly #clock: () => number;
  /** The one that failed last is the last. */
  readonly #failures = new Map<string, Failures>();

  constructor(password: string, clock: () => number = () => performance.now()) {
    this.#digest = this.#hash(password);
    this.#clock = clock;
  }

  /** Takes as long for any password that is looked at, right or wrong, short or long. */
  check(address: string, password: string): Verdict {
    const now = this.#clock();
    const group = groupOf(address);
    const failures = this.#failures.get(group);
    if (failures !== undefined && now - failures.last > FORGET_AFTER) this.#failures.delete(group);
    else if (failures !== undefined) {
      const wait = failures.last + Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures.count - 1)) - now;
      if (wait > 0) return { wait };
    }
    if (timingSafeEqual(this.#hash(password), this.#digest)) {
      this.#failures.delete(group);
      return "right";
    }
    const count = (this.#failures.get(group)?.count ?? 0) + 1;
    this.#failures.delete(group);
    this.#failures.set(group, { count, last: now });
    if (this.#failures.size > MAX_ADDRESSES) {
      const [oldest] = this.#failures.keys();
      this.#failures.delete(oldest!);
    }
    return "wrong";
  }

  /** Digests have one length, whatever was typed. */
  #hash(password: string): Buffer {
    return createHmac("sha256", this.#secret).update(password.normalize("NFC")).digest();
  }
}

/** What one person can have many of is one address: the lower half of an IPv6 address is the host's to choose. */
function groupOf(address: string): string {
  const mapped = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
  if (!isIPv6(mapped)) return mapped;
  const [head = "", tail] = mapped.split("%")[0]!.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  return [...front, ...Array<string>(zeros).fill("0"), ...back].slice(0, 4).join(":");
}

/** What a client is told that was not let in. */
export function refusal(verdict: Exclude<Verdict, "right">): string {
  if (verdict === "wrong") return "That is not the password of this chat";
  return `Too many wrong passwords; try again in ${Math.ceil(verdict.wait / 1_000)} s`;
}
