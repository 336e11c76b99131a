import pino from "pino";
import { expect, it } from "vitest";
import { MemoryHistory } from "../history/memory.ts";
import { defaultLimits } from "../hub/limits.ts";
import { LocalBus } from "./local.ts";

/** A history on a disk that may be full. */
class FullHistory extends MemoryHistory {
  override readonly durable: boolean = true;
  full = false;

  override append(...args: Parameters<MemoryHistory["append"]>): void {
    if (this.full) throw new Error("the disk is full");
    super.append(...args);
  }
}

it("refuses what cannot be kept, tells the log of it once, and keeps what is said again", async () => {
  const history = new FullHistory(defaultLimits, 0);
  const logged: string[] = [];
  const log = pino({ level: "info" }, { write: (line) => void logged.push(JSON.parse(line).msg) });
  const bus = new LocalBus(history, log);
  const heard: string[] = [];
  bus.listen(({ text }) => heard.push(text));
  const say = (text: string, key: string): Promise<number> =>
    bus.publish({ type: "said", room: "tea", from: "ada", text, key }, undefined);
  history.full = true;
  await expect(say("one", "the-key-of-the-first")).rejects.toThrow("the disk is full");
  await expect(say("one", "the-key-of-the-first")).rejects.toThrow("the disk is full");
  history.full = false;
  const id = await say("one", "the-key-of-the-first");
  expect(await say("one", "the-key-of-the-first")).toBe(id);
  expect(heard).toEqual(["one"]);
  expect(logged).toEqual(["Messages cannot be kept: Error: the disk is full", "Messages are kept again"]);
});
