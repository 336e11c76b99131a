import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Row {
  case: string;
  measure: string;
  oursName: string;
  peerName: string;
  ratio: number;
}

function read(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
}

const core = "@sockeye/socket-core";
const streams = "@sockeye/async-streams";
const aboveC = " above C";

/** Package, results, case, measure, ours, peer, and what its README says. */
it.each([
  ["socket-core", "streams", "64 B × 50 connections", `processor time per message${aboveC}`, core, "node:net", "0.46"],
  ["socket-core", "streams", "64 B × 50 connections", "messages per second", core, "asyncio streams", "3.4"],
  ["socket-core", "streams", "64 B × 50 connections", "messages per second", core, "uvloop protocol", "0.90"],
  [
    "socket-core",
    "streams",
    "16 KiB × 50 connections",
    `processor time per message${aboveC}`,
    core,
    "node:net",
    "0.43",
  ],
  ["socket-core", "streams", "16 KiB × 50 connections", "messages per second", core, "asyncio streams", "3.8"],
  ["socket-core", "streams", "16 KiB × 50 connections", "messages per second", core, "uvloop protocol", "1.8"],
  ["socket-core", "connections", "bursts of 500 connections", "connections per second", core, "node:net", "1.7"],
  ["socket-core", "connections", "9,000 connections", "memory per connection", core, "node:net", "1.1"],
  [
    "async-streams",
    "streams",
    "64 B × 50 connections",
    `processor time per line${aboveC}`,
    streams,
    "node:net",
    "0.59",
  ],
  ["async-streams", "streams", "64 B × 50 connections", "processor time per line", streams, "asyncio streams", "0.31"],
  ["async-streams", "streams", "64 B × 50 connections", "processor time per line", streams, "uvloop streams", "0.87"],
  ["async-streams", "streams", "64 B × 50 connections", "processor time per line", streams, "node:readline", "0.82"],
  ["async-streams", "streams", "100 B out of one connection", "lines per second", streams, "node:readline", "0.77"],
  [
    "async-streams",
    "streams",
    "100 B out of one connection",
    "processor time per line",
    streams,
    "asyncio streams",
    "0.42",
  ],
  [
    "async-streams",
    "connections",
    "9,000 connections",
    "memory per connection",
    `${streams} lines`,
    "node:net lines",
    "1.7",
  ],
  ["udp", "udp", "64 B", "datagrams per second", "@sockeye/udp send", "node:dgram", "1.14"],
  ["udp", "udp", "1200 B", "datagrams per second", "@sockeye/udp send", "node:dgram", "1.12"],
  ["udp", "udp", "64 B", "datagrams per second", "@sockeye/udp sendSegments", "node:dgram", "6.3"],
  ["udp", "udp", "1200 B", "datagrams per second", "@sockeye/udp sendSegments", "node:dgram", "5.0"],
  ["udp", "udp", "64 B", "datagrams per second", "@sockeye/udp receiveMany", "node:dgram", "4.0"],
  ["udp", "udp", "1200 B", "datagrams per second", "@sockeye/udp receiveMany", "C recvmmsg", "0.87"],
])("the README of %s quotes %s.json: %s, %s, %s / %s is %s", (name, file, title, measure, ours, peer, quoted) => {
  const rows = JSON.parse(read(`apps/benchmarks/results/${file}.json`)) as Row[];
  const row = rows.find((r) => r.case === title && r.measure === measure && r.oursName === ours && r.peerName === peer);
  const decimals = quoted.split(".")[1]!.length;
  expect(row?.ratio.toFixed(decimals)).toBe(quoted);
  expect(read(`packages/${name}/README.md`)).toContain(`| ${quoted} `);
});
