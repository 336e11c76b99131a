/**
 * What a README shows of a committed result: the text of its first two columns, then where the row is found.
 *
 * @typedef {object} Quote
 * @property {string} work what was measured
 * @property {string} ratio the measure and the peer, as "messages per second / asyncio streams"
 * @property {string} file in results/, without .json
 * @property {string} case
 * @property {string} measure
 * @property {string} ours
 * @property {string} peer
 */

const core = "@sockeye/socket-core";
const streams = "@sockeye/async-streams";
const together = "async-streams, readLines";
const http = "@sockeye/http-client";
const decode = "@sockeye/pcap-decode";
const chat = "@sockeye/chat-demo";

/** @type {(work: string, file: string, name: string, ours: string, rows: readonly [ratio: string, measure: string, peer: string, ours?: string][]) => Quote[]} */
const about = (work, file, name, ours, rows) =>
  rows.map(([ratio, measure, peer, own]) => ({ work, ratio, file, case: name, measure, ours: own ?? ours, peer }));

/** @type {(work: string, name: string) => Quote[]} */
const echo = (work, name) =>
  about(work, "streams", name, core, [
    ["processor time above C / `node:net`", "processor time per message above C", "node:net"],
    ["messages per second / asyncio streams", "messages per second", "asyncio streams"],
    ["messages per second / uvloop protocols", "messages per second", "uvloop protocol"],
  ]);

/** @type {(size: string, name: string) => Quote[]} */
const datagrams = (size, name) => [
  ...about(`Sent, ${size}`, "udp", name, "@sockeye/udp send", [
    ["`send`, one by one / `node:dgram`", "datagrams per second", "node:dgram"],
    ["`sendMany` / `node:dgram`", "datagrams per second", "node:dgram", "@sockeye/udp sendMany"],
    ["`sendSegments` / `node:dgram`", "datagrams per second", "node:dgram", "@sockeye/udp sendSegments"],
  ]),
  ...about(`Received, ${size}`, "udp", name, "@sockeye/udp receiveMany", [
    ["`receiveMany` / `node:dgram`", "datagrams per second", "node:dgram"],
    ["`receiveMany` / `recvmmsg` in C", "datagrams per second", "C recvmmsg"],
    ["`for await` / `node:dgram`", "datagrams per second", "node:dgram", "@sockeye/udp for await"],
  ]),
];

const perRequest = "processor time per request";
const speed = "packets per second of processor time";

/** By README, relative to the root of the repository. @type {Readonly<Record<string, readonly Quote[]>>} */
export const quotes = {
  "packages/socket-core/README.md": [
    ...echo("Echo, 64 B, 50 connections", "64 B × 50 connections"),
    ...echo("Echo, 16 KiB, 50 connections", "16 KiB × 50 connections"),
    ...about("Accept, bursts of 500", "connections", "bursts of 500 connections", core, [
      ["connections per second / `node:net`", "connections per second", "node:net"],
    ]),
    ...about("9,000 idle connections", "connections", "9,000 connections", core, [
      ["memory each / `node:net`", "memory per connection", "node:net"],
    ]),
  ],
  "packages/async-streams/README.md": [
    ...about("Line echo, 64 B, 50 connections", "streams", "64 B × 50 connections", streams, [
      ["processor time above C / `node:net`", "processor time per line above C", "node:net"],
      ["processor time / asyncio streams", "processor time per line", "asyncio streams"],
      ["processor time / uvloop streams", "processor time per line", "uvloop streams"],
      ["processor time / `node:readline`", "processor time per line", "node:readline"],
    ]),
    ...about("Lines out of one connection, 100 B", "streams", "100 B out of one connection", streams, [
      ["`readLines()`, lines per second / `node:readline`", "lines per second", "node:readline", together],
      ["`readLines()`, processor time / `node:readline`", "processor time per line", "node:readline", together],
      ["`for await`, processor time / `node:readline`", "processor time per line", "node:readline"],
      ["processor time / asyncio streams", "processor time per line", "asyncio streams"],
    ]),
    ...about("1 GiB piped into another connection", "bulk", "1 GiB in blocks of 64 KiB", streams, [
      ["processor time / `node:net`", "processor time per block", "node:net"],
      ["memory at the end / `node:net`", "memory of the server", "node:net"],
    ]),
    ...about("9,000 idle connections", "connections", "9,000 connections", `${streams} lines`, [
      ["memory each / `node:net`", "memory per connection", "node:net lines"],
    ]),
  ],
  "packages/udp/README.md": [...datagrams("64 B", "64 B"), ...datagrams("1,200 B", "1200 B")],
  "packages/http-client/README.md": [
    ...about("GET a small JSON, 50 at a time", "http", "GET a small JSON, 50 at a time", http, [
      ["processor time / `undici.request`", perRequest, "undici.request"],
      ["processor time / undici's fetch", perRequest, "undici fetch"],
      ["processor time / axios", perRequest, "axios"],
      ["processor time / got", perRequest, "got"],
      ["processor time / ky", perRequest, "ky"],
      ["processor time / Python requests", perRequest, "Python requests"],
    ]),
    ...about("POST a small JSON, 50 at a time", "http", "POST a small JSON, 50 at a time", http, [
      ["processor time / `undici.request`", perRequest, "undici.request"],
      ["processor time / axios", perRequest, "axios"],
    ]),
    ...about("GET 1 GiB as a stream", "http", "GET 1 GiB as a stream", http, [
      ["processor time / `undici.request`", "processor time per MiB", "undici.request"],
    ]),
  ],
  "packages/pcap-decode/README.md": [
    ...about(
      "`for await` over a file, fields of layers 2 to 4",
      "pcap",
      "fields of layers 2 to 4",
      `${decode} for await`,
      [
        ["speed / scapy", speed, "scapy"],
        ["speed / dpkt", speed, "dpkt"],
        ["speed / `tshark -T fields`", speed, "tshark -T fields"],
      ],
    ),
    ...about("`toJSON` of every packet", "pcap", "every layer as JSON", `${decode} toJSON`, [
      ["speed / `tshark -T json`", speed, "tshark -T json"],
    ]),
    ...["host 10.0.1.7", "tcp port 80", "tcp"].flatMap((expression) =>
      about(`\`${expression}\` from file to file`, "pcap", `file to file, ${expression}`, "pcap-decode filter", [
        ["speed / tcpdump", speed, "tcpdump"],
      ]),
    ),
    ...about("Flows counted", "pcap", "1,000 connections", `${decode} FlowTracker`, [
      ["processor time / `tshark -z conv,tcp`", "processor time per packet", "tshark -q -z conv,tcp"],
    ]),
    ...about("TCP streams put in order", "pcap", "1,000 connections", `${decode} TCPReassembler`, [
      ["processor time / scapy's TCPSession", "processor time per packet", "scapy TCPSession"],
    ]),
    ...about("Captured on the loopback, 64 B", "pcap", "64 B", `${decode} batches`, [
      ["processor time / `tcpdump -w /dev/null`", "processor time per packet", "tcpdump -w /dev/null"],
      ["packets per second / `tcpdump -w /dev/null`", "packets per second", "tcpdump -w /dev/null"],
      ["processor time / scapy, fields read", "processor time per packet", "scapy, fields", `${decode}, fields`],
    ]),
  ],
  "apps/chat-demo/README.md": [
    ...about("A message to 9,000 clients in one room", "chat", "64 B to 9,000 clients", chat, [
      ["processor time each / `ws`", "processor time per receipt", "ws"],
      ["processor time each / `socket.io`", "processor time per receipt", "socket.io"],
      ["processor time each, on WebSocket / `ws`", "processor time per receipt", "ws", `${chat} on WebSocket`],
      ["memory of a quiet client / `ws`", "memory per client", "ws"],
      ["memory of a quiet client / `socket.io`", "memory per client", "socket.io"],
    ]),
    ...about(
      "6,000 messages of 1,000 B to 300 clients, 3 of which never read",
      "chat",
      "1,000 B to 300 clients, 3 of which never read",
      chat,
      [["memory of the server at the end / `ws`", "memory of the server", "ws"]],
    ),
  ],
};
