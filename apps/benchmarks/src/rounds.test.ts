import { expect, it } from "vitest";
import { ChildError } from "./child.mjs";
import { alternate } from "./rounds.mjs";

const contestants = ["a", "b"].map((name) => ({ name, command: (): string[] => [] }));

it("takes turns", async () => {
  const turns: string[] = [];
  const outcomes = await alternate(
    contestants,
    3,
    async () => ({ memory: turns.length }),
    (round, { name }) => turns.push(`${round}${name}`),
  );
  expect(turns).toEqual(["1a", "1b", "2a", "2b", "3a", "3b"]);
  expect(outcomes.get("b")).toEqual({ samples: [{ memory: 2 }, { memory: 4 }, { memory: 6 }] });
});

it("leaves out one that fails, and what it had measured", async () => {
  let turn = 0;
  const outcomes = await alternate(contestants, 3, async ({ name }) => {
    turn++;
    if (name === "a" && turn === 3) throw new ChildError("gone");
    return { memory: 1 };
  });
  expect(outcomes.get("a")).toEqual({ samples: [], failure: "round 2: gone" });
  expect(outcomes.get("b")?.samples).toHaveLength(3);
  expect(turn).toBe(5);
});

it("passes on an error that is not a contestant's", async () => {
  await expect(alternate(contestants, 1, () => Promise.reject(new Error("no compiler")))).rejects.toThrow(
    "no compiler",
  );
});
