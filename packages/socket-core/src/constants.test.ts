import { readFileSync } from "node:fs";
import { expect, it, test } from "vitest";
import * as core from "./index.ts";

const names = [...readFileSync(new URL("constants.ts", import.meta.url), "utf8").matchAll(/constant\("(\w+)"\)/g)].map(
  (match) => match[1]!,
);
const values = core as unknown as Record<string, number>;

it("exports each one under its own name", () => {
  expect(names.length).toBeGreaterThan(200);
  const exported = Object.keys(core).filter((name) => /^(?!MAX_)[A-Z]+6?_|^SOMAXCONN$/.test(name));
  expect(exported.sort()).toEqual([...new Set(names)].sort());
  for (const name of names) expect(values[name], name).toBeTypeOf("number");
});

it.runIf(process.platform === "linux")("has every one on Linux, but for those of macOS", () => {
  const macOS = ["SO_NOSIGPIPE", "SO_USELOOPBACK", "TCP_CONNECTIONTIMEOUT", "TCP_CONNECTION_INFO", "TCP_KEEPALIVE"];
  expect(names.filter((name) => values[name] === -1).sort()).toEqual(macOS);
});

test.runIf(process.platform === "linux")("are what the headers of Linux say", () => {
  expect(values).toMatchObject({ AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, SOCK_STREAM: 1, SOCK_DGRAM: 2, SOL_SOCKET: 1 });
  expect(values).toMatchObject({
    SO_REUSEADDR: 2,
    SO_ERROR: 4,
    SO_LINGER: 13,
    TCP_NODELAY: 1,
    IPV6_V6ONLY: 26,
    MSG_PEEK: 2,
  });
});
