/** The filter box's expression, for whatever link types the packets have. */
import { compileFilter, type Filter, FilterError, type Packet } from "@sockeye/pcap-decode";

/** What is wrong with an expression; `column` counts from 1. */
export interface FilterProblem {
  readonly message: string;
  readonly column: number | undefined;
}

export class PacketFilter {
  readonly expression: string;
  readonly #byLinkType = new Map<number, Filter | undefined>();

  constructor(expression: string) {
    this.expression = expression;
  }

  /** What is wrong with an expression for packets of a link type; `undefined` when it compiles. */
  static check(expression: string, linkType: number): FilterProblem | undefined {
    try {
      compileFilter(expression, { linkType: linkType as 1 });
      return undefined;
    } catch (error) {
      if (error instanceof FilterError) return { message: withoutColumn(error), column: error.column };
      return { message: error instanceof Error ? error.message : String(error), column: undefined };
    }
  }

  /** Whether the packet passes. What cannot be compiled for a packet's link type does not fit the packet. */
  match(packet: Packet): boolean {
    const { linkType } = packet;
    if (!this.#byLinkType.has(linkType)) this.#byLinkType.set(linkType, this.#compile(linkType));
    const filter = this.#byLinkType.get(linkType);
    return filter?.match(packet.buffer, packet.offset, packet.capturedLength, packet.originalLength) ?? false;
  }

  #compile(linkType: number): Filter | undefined {
    try {
      return compileFilter(this.expression, { linkType: linkType as 1 });
    } catch {
      return undefined;
    }
  }
}

/** The message without the place, which the box shows itself. */
function withoutColumn({ message, column }: FilterError): string {
  return column === undefined ? message : message.slice(0, message.lastIndexOf(` (column ${column} of `));
}
