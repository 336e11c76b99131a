import { expect, it } from "vitest";
import { printable, printableJson } from "./printable.ts";
import { formatSize } from "./size.ts";
import { StatusLine } from "./status-line.ts";
import { Transfer } from "./transfer.ts";

it.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1.5 * 2 ** 20, "1.5 MiB"],
  [2 ** 50, "1024.0 TiB"],
])("%d bytes are %s", (bytes, text) => expect(formatSize(bytes)).toBe(text));

it("tells the rate of the last five seconds and the time left", () => {
  let time = 0;
  const transfer = new Transfer(() => time);
  expect(transfer.at(0, 10_240_000)).toBe("0 B of 9.8 MiB, 0 %, 0 B/s");
  time = 1000;
  expect(transfer.at(10_240, 10_240_000)).toBe("10.0 KiB of 9.8 MiB, 0 %, 10.0 KiB/s, 16:39 min left");
  for (time = 2000; time <= 9000; time += 1000) transfer.at(10_240 + (time - 1000) * 102.4, 10_240_000);
  // The slow start is forgotten.
  expect(Math.round(transfer.rate)).toBe(102_400);
  time = 10_000;
  expect(transfer.at(10_240_000, 10_240_000)).toMatch(/^9\.8 MiB of 9\.8 MiB, 100 %, [\d.]+ \w+\/s$/);
});

it("begins again where the transfer does, and does without a total", () => {
  let time = 0;
  const transfer = new Transfer(() => time);
  transfer.at(5_000, null);
  time = 1000;
  expect(transfer.at(100, null)).toBe("100 B, 0 B/s");
  time = 2000;
  expect(transfer.at(200, null)).toBe("200 B, 100 B/s");
  expect(transfer.at(200, 3_600_200)).toContain("10:00:00 h left");
  expect(transfer.at(200, 900)).toContain("7 s left");
});

it("draws over itself ten times a second, and lets nothing steer the terminal", () => {
  let time = 0;
  const written: string[] = [];
  const line = new StatusLine({ isTTY: true, columns: 10, write: (text) => written.push(text) }, () => time);
  line.show("one");
  line.show("too soon");
  line.show("always", { always: true });
  time = 100;
  line.show("\u001b[2J and more than fits");
  line.end();
  line.end();
  expect(written).toEqual(["\r\u001b[Kone", "\r\u001b[Kalways", "\r\u001b[K\ufffd[2J and ", "\n"]);
});

it("leaves text as it is but for what steers a terminal", () => {
  expect(printable("Grüße,\n\t😀")).toBe("Grüße,\n\t😀");
  expect(printable("\u001b[2J \u009b \r \u202e")).toBe("\ufffd[2J \ufffd \ufffd \ufffd");
});

it("writes JSON that is the same value and steers nothing", () => {
  for (const text of ["\u009b31m \u007f", "\u202e\u200b", "\u{e0001}😀", "Grüße\n", "\ud800"]) {
    const json = printableJson({ title: text });
    expect(json).not.toMatch(/\p{C}/u);
    expect(JSON.parse(json)).toEqual({ title: text });
  }
  expect(printableJson("Grüße 😀")).toBe('"Grüße 😀"');
});

it("shows nothing where there is no terminal", () => {
  const written: string[] = [];
  const line = new StatusLine({ write: (text) => written.push(text) });
  line.show("one", { always: true });
  line.end();
  expect(written).toEqual([]);
});
