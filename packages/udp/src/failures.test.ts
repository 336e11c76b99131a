import { expect, it } from "vitest";
import { Failures } from "./failures.ts";

const error = new Error("failed");
const otherError = new Error("failed as well");

/** What `report` throws, if it throws. */
function reported(failures: Failures): unknown {
  try {
    failures.report();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

it("reports a failure that nobody looked at, once", () => {
  const failures = new Failures();
  void failures.rejected(error);
  expect(reported(failures)).toBe(error);
  expect(reported(failures)).toBeUndefined();
});

it("reports the oldest of several", () => {
  const failures = new Failures();
  void failures.rejected(error);
  void failures.rejected(otherError);
  expect(reported(failures)).toBe(error);
});

it.each<[string, (promise: Promise<unknown>) => Promise<unknown>]>([
  ["then", (promise) => promise.then(undefined, () => {})],
  ["catch", (promise) => promise.catch(() => {})],
  ["finally", (promise) => promise.finally(() => {}).catch(() => {})],
  ["Promise.all", (promise) => Promise.all([promise]).catch(() => {})],
  ["Promise.race", (promise) => Promise.race([promise]).catch(() => {})],
  [
    "await",
    async (promise) => {
      await expect(promise).rejects.toBe(error);
    },
  ],
])("reports nothing to whoever looks by %s, before or after it fails", async (_name, look) => {
  const failures = new Failures();
  await look(failures.rejected(error));
  expect(reported(failures)).toBeUndefined();

  const { promise, reject } = failures.outcome();
  const looking = look(promise);
  // The language calls `then` for `await` and the combinators in a microtask of its own.
  await Promise.resolve();
  reject(error);
  expect(reported(failures)).toBeUndefined();
  await looking;
});

it("reports nothing of what succeeds", async () => {
  const failures = new Failures();
  const { promise, resolve } = failures.outcome<number>();
  resolve(5);
  expect(await promise).toBe(5);
  expect(promise.then(() => {}).constructor).toBe(Promise);
  expect(reported(failures)).toBeUndefined();
});
