import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ATTEMPT_DELAY, interleave, race } from "./happy-eyeballs.ts";

/** Attempts that end when the test says so. */
function bench(): {
  started: string[];
  aborted: string[];
  discarded: string[];
  end: (name: string, outcome: "win" | "fail") => void;
  run: (names: string[], signal?: AbortSignal) => Promise<string>;
} {
  const started: string[] = [];
  const aborted: string[] = [];
  const discarded: string[] = [];
  const settle = new Map<string, (outcome: "win" | "fail") => void>();
  return {
    started,
    aborted,
    discarded,
    end: (name, outcome) => settle.get(name)!(outcome),
    run: (names, signal) =>
      race<string, string>(
        names,
        (name, stop) => {
          started.push(name);
          stop.addEventListener("abort", () => aborted.push(name));
          return new Promise((resolve, reject) => {
            settle.set(name, (outcome) => (outcome === "win" ? resolve(name) : reject(new Error(`no ${name}`))));
          });
        },
        (loser) => discarded.push(loser),
        (failures) =>
          new Error(failures.map(({ candidate, error }) => `${candidate}: ${(error as Error).message}`).join(", ")),
        { signal },
      ),
  };
}

/** The clock of RFC 8305 cannot be provoked otherwise without waiting. */
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("interleave", () => {
  it.each([
    ["6644", "6464"],
    ["4466", "4646"],
    ["66", "66"],
    ["4", "4"],
    ["66644", "64646"],
    ["", ""],
  ])("%s becomes %s", (given, expected) => {
    const numbered = [...given].map((family, i) => ({ family, i }));
    const order = interleave(numbered, ({ family }) => family === given[0]);
    expect(order.map(({ family }) => family).join("")).toBe(expected);
    // The resolver's order holds within a family.
    for (const family of ["4", "6"]) {
      const own = order.filter((c) => c.family === family).map(({ i }) => i);
      expect(own).toEqual([...own].sort((a, b) => a - b));
    }
  });
});

describe("race", () => {
  it("starts the next attempt after the delay, and the first to stand wins", async () => {
    const b = bench();
    const winner = b.run(["a", "b", "c"]);
    expect(b.started).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(ATTEMPT_DELAY - 1);
    expect(b.started).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(b.started).toEqual(["a", "b"]);
    b.end("b", "win");
    expect(await winner).toBe("b");
    expect(b.aborted).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(10 * ATTEMPT_DELAY);
    expect(b.started).toEqual(["a", "b"]);
  });

  it("starts the next attempt at once when one fails, and the delay begins anew", async () => {
    const b = bench();
    const winner = b.run(["a", "b", "c"]);
    b.end("a", "fail");
    await vi.advanceTimersByTimeAsync(0);
    expect(b.started).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(ATTEMPT_DELAY - 1);
    expect(b.started).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(b.started).toEqual(["a", "b", "c"]);
    b.end("c", "win");
    expect(await winner).toBe("c");
  });

  it("gives away a loser that stands all the same", async () => {
    const b = bench();
    const winner = b.run(["a", "b"]);
    await vi.advanceTimersByTimeAsync(ATTEMPT_DELAY);
    b.end("a", "win");
    b.end("b", "win");
    expect(await winner).toBe("a");
    await vi.advanceTimersByTimeAsync(0);
    expect(b.discarded).toEqual(["b"]);
  });

  it("tells every failure, once all have failed", async () => {
    const b = bench();
    const winner = b.run(["a", "b"]);
    winner.catch(() => {});
    await vi.advanceTimersByTimeAsync(ATTEMPT_DELAY);
    b.end("b", "fail");
    await vi.advanceTimersByTimeAsync(0);
    b.end("a", "fail");
    await expect(winner).rejects.toThrow("b: no b, a: no a");
  });

  it("ends everything with the signal", async () => {
    const b = bench();
    const controller = new AbortController();
    const winner = b.run(["a", "b", "c"], controller.signal);
    winner.catch(() => {});
    await vi.advanceTimersByTimeAsync(ATTEMPT_DELAY);
    controller.abort(new Error("enough"));
    await expect(winner).rejects.toThrow("enough");
    expect(b.aborted).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(10 * ATTEMPT_DELAY);
    expect(b.started).toEqual(["a", "b"]);
    await expect(bench().run(["a"], controller.signal)).rejects.toThrow("enough");
  });
});
