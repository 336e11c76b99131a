import { describe, expect, it, test } from "vitest";
import { parseRetryAfter, Retry, type RetryOptions } from "./retry.ts";

const entry = { method: "GET", url: "http://a/", error: null, status: null };

/** The plan after n failures of one kind. */
function after(retry: Retry, n: number, kind: "connect" | "read" | "status" | "other" = "read"): Retry {
  let current = retry;
  for (let i = 0; i < n; i++) current = current.increment(kind, entry);
  return current;
}

describe("back-off", () => {
  test.each([
    [0.2, [0, 0, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 120, 120]],
    [1, [0, 0, 2, 4, 8, 16, 32, 64, 120]],
    [0, [0, 0, 0, 0]],
  ])("factor %f", (backoffFactor, sequence) => {
    const retry = new Retry({ total: 100, backoffFactor });
    for (const [failures, delay] of sequence.entries())
      expect(after(retry, failures).backoffTime()).toBeCloseTo(delay, 9);
  });
  it("stops at backoffMax", () =>
    expect(after(new Retry({ total: 100, backoffFactor: 0.2, backoffMax: 1 }), 9).backoffTime()).toBe(1));
  test.each([
    [0, 0.4],
    [0.5, 0.65],
    [0.999, 0.8995],
  ])("adds jitter %f", (random, delay) => {
    expect(after(new Retry({ backoffFactor: 0.2, backoffJitter: 0.5 }), 2).backoffTime(() => random)).toBeCloseTo(
      delay,
      9,
    );
  });
});

describe("budgets", () => {
  test.each<[string, RetryOptions | number | false, "connect" | "read" | "status" | "other", number]>([
    ["a number is the total", 3, "connect", 3],
    ["false is none", false, "read", 0],
    ["default", {}, "read", 10],
    ["connect before total", { total: 10, connect: 2 }, "connect", 2],
    ["total before connect", { total: 1, connect: 5 }, "connect", 1],
    ["read", { total: null, read: 3 }, "read", 3],
    ["status", { total: null, status: 4 }, "status", 4],
    ["other", { total: null, other: 1 }, "other", 1],
    ["zero", { connect: 0 }, "connect", 0],
  ])("%s", (_, options, kind, allowed) => {
    const retry = new Retry(options);
    expect(after(retry, allowed, kind).isExhausted()).toBe(false);
    expect(after(retry, allowed + 1, kind).isExhausted()).toBe(true);
  });
  it("charges only the budget of the kind", () => {
    const retry = after(new Retry({ total: 9, connect: 1, read: 1 }), 1, "connect");
    expect([retry.total, retry.connect, retry.read]).toEqual([8, 0, 1]);
  });
  it("takes no option that it does not have", () => {
    expect(() => new Retry({ limit: 2 } as never)).toThrow('there is no retry option "limit"; did you mean total?');
    expect(() => new Retry(null as never)).toThrow("retry must be a Retry, its options or a number");
  });
  it("keeps the history and leaves the first plan alone", () => {
    const first = new Retry(2);
    const second = first.increment("status", { ...entry, status: 503 });
    expect([first.history.length, second.history[0]?.status, first.total, second.total]).toEqual([0, 503, 2, 1]);
  });
  test.each([
    ["total", -2],
    ["total", 1.5],
    ["connect", Number.NaN],
    ["backoffFactor", -1],
    ["retryAfterMax", Number.NaN],
  ])("refuses %s: %f", (name, value) => {
    expect(() => new Retry({ [name]: value })).toThrow(`retry.${name} must be`);
  });
});

describe("what is retried", () => {
  const retry = new Retry({ total: 3, statusForcelist: [500, 503] });
  test.each([
    ["GET", 500, false, true],
    ["GET", 400, false, false],
    ["HEAD", 503, false, true],
    ["PUT", 500, false, true],
    ["DELETE", 500, false, true],
    ["OPTIONS", 500, false, true],
    ["TRACE", 500, false, true],
    ["POST", 500, false, false],
    ["PATCH", 500, false, false],
    ["GET", 429, true, true],
    ["GET", 413, true, true],
    ["GET", 429, false, false],
    ["GET", 418, true, false],
    ["POST", 429, true, false],
  ])("%s %i, Retry-After %s: %s", (method, status, hasRetryAfter, retried) => {
    expect(retry.isRetry(method, status, hasRetryAfter)).toBe(retried);
  });
  it("retries every method when told so", () =>
    expect(new Retry({ allowedMethods: null, statusForcelist: [500] }).isRetry("POST", 500)).toBe(true));
  it("ignores Retry-After when told so, or without a budget", () => {
    expect(new Retry({ respectRetryAfterHeader: false }).isRetry("GET", 503, true)).toBe(false);
    expect(new Retry(0).isRetry("GET", 503, true)).toBe(false);
  });
});

describe("Retry-After", () => {
  const now = Date.UTC(2019, 5, 3, 11, 0, 0);
  test.each<[string, number | null]>([
    ["0", 0],
    ["5", 5],
    [" 7 ", 7],
    ["1000", 1000],
    ["Mon, 03 Jun 2019 12:00:00 GMT", 3600],
    ["Mon, 03 Jun 2019 11:00:00 GMT", 0],
    ["Mon, 03 Jun 2019 10:00:00 GMT", 0],
    ["Monday, 03-Jun-19 11:30:12 GMT", 1812],
    ["Mon Jun  3 11:30:12 2019", 1812],
    ["-1", null],
    ["+1", null],
    ["1.0", null],
    ["1e3", null],
    ["0x10", null],
    ["", null],
    ["\u0661", null],
    ["soon", null],
    ["Mon, bad GMT", null],
  ])("%j is %s", (value, seconds) => expect(parseRetryAfter(value, now)).toBe(seconds));

  it("comes before the back-off and is cut at retryAfterMax", () => {
    const retry = after(new Retry({ backoffFactor: 1 }), 3);
    expect(retry.delay("7")).toBe(7);
    expect(retry.delay("86400")).toBe(120);
    expect(new Retry({ retryAfterMax: 21_600 }).delay("86400")).toBe(21_600);
    expect(retry.delay("-1")).toBe(4);
    expect(retry.delay(null)).toBe(4);
    expect(after(new Retry({ backoffFactor: 1, respectRetryAfterHeader: false }), 3).delay("7")).toBe(4);
  });
});
