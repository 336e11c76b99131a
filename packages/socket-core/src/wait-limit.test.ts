import { getEventListeners } from "node:events";
import { expect, it, onTestFinished, vi } from "vitest";
import { AbortError, TimeoutError } from "./errors.ts";
import { waitLimit } from "./wait-limit.ts";

it("checks the options before anything happens", () => {
  expect(() => waitLimit("call", 5 as never)).toThrow("options must be an object, got 5");
  expect(() => waitLimit("call", { timeout: -1 })).toThrow("timeout must be milliseconds from 0 to 2147483647, got -1");
  expect(() => waitLimit("call", { signal: {} as never })).toThrow("signal must be an AbortSignal, got {}");
  const signal = AbortSignal.abort("before");
  expect(() => waitLimit("call", { signal })).toThrow(expect.objectContaining({ syscall: "call", cause: "before" }));
});

it("ends the wait once: by time, by the signal, or by a signal that fired in between", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const errors: Error[] = [];
  const fail = (error: Error): void => void errors.push(error);
  const controller = new AbortController();
  const { signal } = controller;
  const limit = waitLimit("call", { signal, timeout: 10 });

  limit(fail);
  vi.advanceTimersByTime(10);
  expect(errors.splice(0)).toEqual([new TimeoutError("call", 10)]);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);

  limit(fail);
  controller.abort("enough");
  vi.advanceTimersByTime(10);
  expect(errors.splice(0)).toEqual([new AbortError("call", "enough")]);

  limit(fail);
  expect(errors).toEqual([new AbortError("call", "enough")]);
});

it("leaves neither timer nor listener when it is called off", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { signal } = new AbortController();
  const release = waitLimit("call", { signal, timeout: 10 })(() => expect.unreachable());
  expect([vi.getTimerCount(), getEventListeners(signal, "abort").length]).toEqual([1, 1]);
  release();
  expect([vi.getTimerCount(), getEventListeners(signal, "abort").length]).toEqual([0, 0]);
});

it("has no limit where none is given", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  waitLimit("call", { timeout: null })(() => expect.unreachable())();
  expect(vi.getTimerCount()).toBe(0);
});
