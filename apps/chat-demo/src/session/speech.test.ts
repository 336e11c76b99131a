import { expect, it } from "vitest";
import type { ClientFrame } from "../protocol/frames.ts";
import { Speech } from "./speech.ts";

it("counts what is back in its room as arrived, though its acknowledgement is lost, and sends it again all the same", () => {
  const sent: ClientFrame[] = [];
  const speech = new Speech({ send: (frame) => sent.push(frame), changed: () => {} });
  speech.connected();
  for (const key of ["a", "b"]) {
    speech.add({ kind: "message", key, room: "tea", text: `text of ${key}`, time: 0, shown: false, sent: false });
  }
  speech.returned(1, "a");
  speech.disconnected();
  expect(speech.unacknowledged.map(({ key }) => key)).toEqual(["b"]);
  speech.connected();
  expect(sent.map((frame) => "key" in frame && frame.key)).toEqual(["a", "b", "a", "b"]);
  for (const key of ["a", "b"]) speech.acknowledged(key, 2, () => false);
  expect(speech.unacknowledged).toEqual([]);
});
