import { expect, it } from "vitest";
import { Heartbeat } from "./heartbeat.ts";

function heardAt(time: number): Heartbeat {
  const heartbeat = new Heartbeat();
  heartbeat.heard(time);
  return heartbeat;
}

it("asks once after a silence, and gives up who does not answer", () => {
  const heartbeat = heardAt(1_000);
  expect([20_999, 21_000, 22_000, 30_999, 31_000].map((now) => heartbeat.check(now))).toEqual([
    "alive",
    "ask",
    "alive",
    "alive",
    "dead",
  ]);
});

it("begins anew with every word", () => {
  const heartbeat = heardAt(0);
  expect(heartbeat.check(25_000)).toBe("ask");
  heartbeat.heard(26_000);
  expect([heartbeat.check(45_999), heartbeat.check(46_000)]).toEqual(["alive", "ask"]);
});

it("gives nobody up whom it has not asked, however long it was not listened", () => {
  const heartbeat = heardAt(0);
  for (let minute = 1; minute <= 10; minute++) {
    expect(heartbeat.check(minute * 60_000)).toBe("ask");
    heartbeat.heard(minute * 60_000 + 5);
  }
});

it("asks at once for a reason, but not twice", () => {
  const heartbeat = heardAt(0);
  expect([heartbeat.doubt(10), heartbeat.doubt(20), heartbeat.check(10_010)]).toEqual(["ask", "alive", "dead"]);
});
