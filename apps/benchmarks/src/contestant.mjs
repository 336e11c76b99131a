import { join } from "node:path";
import { compiled } from "./compiler.mjs";
import { python } from "./python.mjs";

const servers = join(import.meta.dirname, "..", "servers");

/**
 * A server program that takes part: it prints its port, then serves 127.0.0.1.
 *
 * @typedef {object} Contestant
 * @property {string} name as the table shows it
 * @property {() => string[]} command program and arguments; compiles what must be compiled
 */

/**
 * What a server does for a connection: `echo` sends everything back, `lines` every line, `count` answers an empty line with
 * the number of lines before it, `pipe` connects each connection with the next one, `accept` closes the connection at once, `idle` is an echo meant for quiet connections.
 *
 * @typedef {"echo" | "lines" | "count" | "pipe" | "accept" | "idle"} Service
 */

/** The floor: C on epoll, what the kernel itself costs. */
export const floor = "C epoll";

/** @type {(service: Exclude<Service, "idle">) => Contestant} */
export const cEpoll = (service) => ({ name: floor, command: () => [compiled("server"), service] });

/** @type {(name: string, file: string) => Contestant} */
const onNode = (name, file) => ({ name, command: () => [process.execPath, join(servers, file)] });

/** @type {(name: string, file: string, ...args: string[]) => Contestant} */
const onPython = (name, file, ...args) => ({
  name,
  command: () => [python, join(servers, file), ...args],
});

/** @type {(service: "echo" | "accept" | "idle") => Contestant} */
export const socketCore = (service) => onNode("@sockeye/socket-core", `socket-core-${service}.mjs`);

/** @type {(service: "lines" | "count" | "pipe") => Contestant} */
export const asyncStreams = (service) => onNode("@sockeye/async-streams", `async-streams-${service}.mjs`);

/** As `count`, with the lines taken many at a time. @type {() => Contestant} */
export const readLines = () => onNode("async-streams, readLines", "async-streams-read-lines.mjs");

/** @type {(service: Exclude<Service, "idle">) => Contestant} */
export const nodeNet = (service) => onNode("node:net", `net-${service}.mjs`);

/** @type {(service: "lines" | "count") => Contestant} */
export const nodeReadline = (service) => onNode("node:readline", `readline-${service}.mjs`);

/** @type {(service: Exclude<Service, "idle" | "pipe">) => Contestant} */
export const asyncio = (service) => onPython("asyncio streams", `asyncio-${service}.py`);

/** @type {(service: Exclude<Service, "idle" | "pipe">) => Contestant} */
export const uvloop = (service) => onPython("uvloop streams", `asyncio-${service}.py`, "uvloop");

/** @type {() => Contestant} */
export const asyncioProtocol = () => onPython("asyncio protocol", "asyncio-protocol-echo.py");

/** @type {() => Contestant} */
export const uvloopProtocol = () => onPython("uvloop protocol", "asyncio-protocol-echo.py", "uvloop");
