import { BPF, classOf, type Instruction, operationOf } from "../../src/filter/instruction.ts";
import type { Random } from "../random.ts";
import { type Decision, type Origin, trace } from "./trace.ts";

/** A packet made for a program. */
interface MadePacket {
  readonly bytes: Uint8Array;
  readonly wire: number;
}

interface Coverage {
  readonly packets: readonly MadePacket[];
  /** Jumps that no packet takes one way: `index`, and the way that is missing. */
  readonly missing: readonly { readonly index: number; readonly taken: boolean }[];
}

const LENGTH = 400;
const MAX_PACKETS = 400;

/**
 * Packets that together take both edges of the conditional jumps of a program: from each run, every jump whose other
 * edge nobody took yet is turned by writing what it needs into the bytes it depends on. Then packets that end in the
 * middle of what was loaded.
 */
export function coverProgram(program: readonly Instruction[], random: Random): Coverage {
  const wanted = new Set<string>();
  for (const [index, { code }] of program.entries()) {
    if (classOf(code) !== BPF.JMP || operationOf(code) === BPF.JA) continue;
    wanted.add(`${index}+`).add(`${index}-`);
  }
  const packets: MadePacket[] = [];
  const queue: { packet: MadePacket; goal?: string }[] = [
    { packet: made(new Uint8Array(LENGTH)) },
    { packet: made(random.bytes(LENGTH)) },
  ];
  const ends = new Set<number>();
  const tried = new Set<string>();
  while (queue.length > 0 && packets.length < MAX_PACKETS) {
    const { packet, goal } = queue.shift()!;
    if (goal !== undefined && !wanted.has(goal)) continue;
    const { decisions, loads } = trace(program, packet.bytes, packet.wire);
    let isNew = packets.length === 0;
    for (const decision of decisions) {
      if (wanted.delete(keyOf(decision, decision.taken))) isNew = true;
    }
    if (isNew) {
      packets.push(packet);
      for (const { at, width } of loads) ends.add(at).add(at + width - 1);
    }
    for (const [position, decision] of decisions.entries()) {
      const key = keyOf(decision, !decision.taken);
      if (!wanted.has(key)) continue;
      const attempt = `${key} ${decisions
        .slice(0, position)
        .map((before) => keyOf(before, before.taken))
        .join()}`;
      if (tried.has(attempt)) continue;
      tried.add(attempt);
      queue.push(...turn(packet, decision, random).map((turned) => ({ packet: turned, goal: key })));
    }
  }
  for (const end of ends) {
    if (end > LENGTH || packets.length >= MAX_PACKETS + 100) continue;
    const source = packets[random.below(packets.length)]!;
    packets.push({ bytes: source.bytes.slice(0, end), wire: source.wire });
  }
  const missing = [...wanted].map((key) => ({ index: Number.parseInt(key, 10), taken: key.endsWith("+") }));
  return { packets, missing };
}

function keyOf({ index }: Decision, taken: boolean): string {
  return `${index}${taken ? "+" : "-"}`;
}

function made(bytes: Uint8Array): MadePacket {
  return { bytes, wire: bytes.length };
}

/** Packets in which a jump goes the other way, if nothing before it changes. */
function turn(packet: MadePacket, decision: Decision, random: Random): MadePacket[] {
  const results: MadePacket[] = [];
  for (const value of valuesFor(decision, random)) {
    const changed = decision.origin && write(packet, decision.origin, value);
    if (changed !== undefined) results.push(changed);
  }
  if (decision.operandOrigin !== undefined) {
    for (const value of [decision.a, (decision.a ^ 1) >>> 0, decision.a + 1, Math.max(decision.a - 1, 0)]) {
      const changed = write(packet, decision.operandOrigin, value >>> 0);
      if (changed !== undefined) results.push(changed);
    }
  }
  return results;
}

const BITS = Array.from({ length: 32 }, (_, bit) => 2 ** bit);

function valuesFor({ operation, taken, operand, a }: Decision, random: Random): number[] {
  switch (operation) {
    case BPF.JEQ:
      return taken ? [...BITS.map((bit) => (operand ^ bit) >>> 0), random.word()] : [operand];
    case BPF.JGT:
      return taken ? [operand, 0] : [(operand + 1) >>> 0, (operand + 2) >>> 0, 0xff, 0xffff, 0xffffffff];
    case BPF.JGE:
      return taken ? [(operand - 1) >>> 0, 0] : [operand, (operand + 1) >>> 0];
    default:
      return taken ? [(a & ~operand) >>> 0, 0] : [operand, (a | operand) >>> 0, (operand & -operand) >>> 0];
  }
}

/** The packet with bytes such that `origin` has a value; `undefined` when its operations cannot give it. */
function write(packet: MadePacket, origin: Origin, value: number): MadePacket | undefined {
  if (origin.at === "length") {
    const wire = undo(origin, value, packet.wire);
    return wire === undefined || wire > 0x7fffffff ? undefined : { bytes: packet.bytes, wire };
  }
  if (origin.at + origin.width > packet.bytes.length) return undefined;
  let before = 0;
  for (let i = 0; i < origin.width; i++) before = before * 256 + packet.bytes[origin.at + i]!;
  const raw = undo(origin, value, before);
  if (raw === undefined || raw >= 256 ** origin.width) return undefined;
  const bytes = packet.bytes.slice();
  for (let i = 0; i < origin.width; i++) bytes[origin.at + i] = Math.floor(raw / 256 ** (origin.width - 1 - i)) % 256;
  return { bytes, wire: packet.wire };
}

/** What goes into the operations for `value` to come out, with the other bits of `before`. */
function undo(origin: Origin, value: number, before: number): number | undefined {
  let wanted = value >>> 0;
  for (const { operation, operand } of [...origin.steps].reverse()) {
    switch (operation) {
      case BPF.ADD:
        wanted = (wanted - operand) >>> 0;
        break;
      case BPF.SUB:
        wanted = (wanted + operand) >>> 0;
        break;
      case BPF.XOR:
        wanted = (wanted ^ operand) >>> 0;
        break;
      case BPF.MUL:
        if (operand === 0 || wanted % operand !== 0) return undefined;
        wanted /= operand;
        break;
      case BPF.DIV:
        wanted = (wanted * operand) >>> 0;
        break;
      case BPF.AND:
        if ((wanted & ~operand) !== 0) return undefined;
        wanted = (wanted | (before & ~operand)) >>> 0;
        break;
      case BPF.OR:
        if ((wanted & operand) >>> 0 !== operand) return undefined;
        break;
      case BPF.LSH:
        wanted = operand > 31 ? 0 : wanted >>> operand;
        break;
      case BPF.RSH:
        wanted = operand > 31 ? 0 : (wanted << operand) >>> 0;
        break;
      case BPF.MOD:
        break;
      default:
        wanted = -wanted >>> 0;
    }
  }
  return wanted;
}
