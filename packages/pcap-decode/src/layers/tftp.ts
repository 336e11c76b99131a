import { u16 } from "../field.ts";
import { defineLayer } from "../layer.ts";
import { latin1, variableBytes } from "./content.ts";

const names: Readonly<Record<number, string>> = {
  1: "read",
  2: "write",
  3: "data",
  4: "ack",
  5: "error",
  6: "options",
};

/** Trivial File Transfer Protocol (RFC 1350): the operation and its parameters. */
export const TFTP = defineLayer({
  name: "TFTP",
  fields: { opcode: u16({ default: 1, names }), body: variableBytes() },
  headerLength: (_b, o, end) => end - o,
  derive: {
    /** File of a request. */
    filename: (view) => (view.opcode === 1 || view.opcode === 2 ? texts(view.body)[0] : undefined),
    /** Transfer mode of a request, and its options as pairs behind it. */
    mode: (view) => (view.opcode === 1 || view.opcode === 2 ? texts(view.body)[1] : undefined),
    /** Block number of data or an acknowledgement. */
    block: (view) =>
      (view.opcode === 3 || view.opcode === 4) && view.body.length >= 2
        ? (view.body[0]! << 8) | view.body[1]!
        : undefined,
  },
  summary: (view) => `${names[view.opcode] ?? `opcode ${view.opcode}`} ${view.filename ?? view.block ?? ""}`.trim(),
});

function texts(body: Uint8Array): string[] {
  return latin1(body, 0, body.length).split("\0");
}
