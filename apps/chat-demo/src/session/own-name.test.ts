import { expect, it } from "vitest";
import { OwnName } from "./own-name.ts";

it("leaves it to the person when the first name is taken", () => {
  const name = new OwnName("ada");
  expect(name.current).toBe("ada");
  name.welcomed("guest-1", { isFirst: true, now: 0 });
  expect([name.current, name.wanted, name.isDue(60_000)]).toEqual(["guest-1", "guest-1", false]);
});

it("asks for its name again and again after a reconnect, until it has it", () => {
  const name = new OwnName("ada");
  name.welcomed("ada", { isFirst: true, now: 0 });
  name.welcomed("guest-1", { isFirst: false, now: 1_000 });
  expect([name.current, name.wanted]).toEqual(["guest-1", "ada"]);
  expect([name.isDue(3_999), name.isDue(4_000), name.isDue(9_000)]).toEqual([false, true, false]);
  expect(name.refused(9_000)).toBe(true);
  expect(name.isDue(12_000)).toBe(true);
  name.named("ada");
  expect([name.current, name.isDue(60_000), name.refused(60_000)]).toEqual(["ada", false, false]);
});

it("gives up after a while, and at once when the person wants another name", () => {
  const name = new OwnName("ada");
  name.welcomed("ada", { isFirst: true, now: 0 });
  name.welcomed("guest-1", { isFirst: false, now: 0 });
  let tries = 0;
  for (let now = 0; now < 600_000; now += 1_000) {
    if (!name.isDue(now)) continue;
    tries++;
    name.refused(now);
  }
  expect(tries).toBe(20);
  name.welcomed("guest-2", { isFirst: false, now: 0 });
  name.forgo();
  expect(name.isDue(600_000)).toBe(false);
});
