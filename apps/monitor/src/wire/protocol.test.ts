import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ClientMessage,
  MAX_FILTER,
  MAX_REQUEST,
  ProtocolError,
  parseClientMessage,
  parseServerMessage,
} from "./protocol.ts";

const start = { type: "start", interface: "lo", filter: "tcp", snaplen: 128, promiscuous: false };

test.each<ClientMessage>([
  start as ClientMessage,
  { type: "filter", filter: "" },
  { type: "stop" },
  { type: "taken", bytes: 1e9 },
])("takes $type", (message) => {
  expect(parseClientMessage(JSON.stringify(message))).toEqual(message);
});

test.each([
  ["", "not JSON"],
  ["[]", "no object"],
  ["null", "no object"],
  ["{}", "type nothing"],
  [JSON.stringify({ type: "sniff" }), 'type "sniff"'],
  [JSON.stringify({ ...start, interface: 7 }), "interface: expected a text"],
  [JSON.stringify({ ...start, interface: "x".repeat(65) }), "interface: expected a text"],
  [JSON.stringify({ ...start, filter: "x".repeat(MAX_FILTER + 1) }), "filter: expected a text"],
  [JSON.stringify({ ...start, snaplen: 0 }), "snaplen: expected a whole number from 64"],
  [JSON.stringify({ ...start, snaplen: 1.5 }), "snaplen: expected a whole number"],
  [JSON.stringify({ type: "taken", bytes: -1 }), "bytes: expected a whole number"],
  [" ".repeat(MAX_REQUEST + 1), "at most 16384"],
])("refuses %.40s", (text, message) => {
  expect(() => parseClientMessage(text)).toThrow(ProtocolError);
  expect(() => parseClientMessage(text)).toThrow(message);
});

test("whatever the text, it is a message or a ProtocolError", () => {
  const near = fc.record({
    type: fc.constantFrom("start", "filter", "stop", "taken"),
    filter: fc.anything(),
    bytes: fc.anything(),
    snaplen: fc.anything(),
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        near.map((value) => JSON.stringify(value) ?? ""),
      ),
      (text) => {
        for (const parse of [parseClientMessage, parseServerMessage]) {
          try {
            expect(parse(text)).toHaveProperty("type");
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }
      },
    ),
  );
});
