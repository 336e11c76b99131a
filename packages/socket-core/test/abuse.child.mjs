// Calls the addon's functions with everything that they should not get. A crash of this process is the failure;
// every call must return an integer or throw a TypeError, a RangeError or an error of the argument itself.
// Usage: node abuse.child.mjs ADDON SEED CALLS
import { once } from "node:events";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";

const [path, seed, calls] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(path);
const { AF_INET, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOL_SOCKET, SO_REUSEADDR, AI_NUMERICHOST, NI_NUMERICHOST } =
  addon.constants;

// mulberry32: the run can be repeated from its seed.
let state = Number(seed);
function random(below) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
const pick = (list) => list[random(list.length)];

/** Thrown by callbacks and getters of this file; out of a wake-up it is an uncaught exception, as it should be. */
class Mine extends Error {}
process.on("uncaughtException", (error) => {
  if (error instanceof Mine) return;
  console.error(error);
  process.exit(1);
});
const file = fs.openSync(import.meta.filename, "r");
const server = net.createServer((peer) => peer.end("alive")).listen(0, "127.0.0.1");
await once(server, "listening");
const stream = addon.socket(AF_INET, SOCK_STREAM, 0);
const datagram = addon.socket(AF_INET, SOCK_DGRAM, 0);
const unix = addon.socket(AF_UNIX, SOCK_DGRAM, 0);
const closed = addon.socket(AF_INET, SOCK_STREAM, 0);
addon.close(closed);

const foreign = [file, server._handle.fd, closed, 0, 1, 2, 3, 9999, 2 ** 31 - 1, 2 ** 32 - 1, -1, -(2 ** 31)];
const descriptors = [stream, datagram, unix];

function detached() {
  const bytes = new Uint8Array(256);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}
function shrunk() {
  const memory = new ArrayBuffer(256, { maxByteLength: 512 });
  const bytes = new Uint8Array(memory, 128, 128);
  memory.resize(64);
  return bytes;
}
function shrunkTracking() {
  const memory = new ArrayBuffer(256, { maxByteLength: 512 });
  const bytes = new Uint8Array(memory);
  memory.resize(3);
  return bytes;
}
function grownWasm() {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 3 });
  const bytes = new Uint8Array(memory.buffer);
  memory.grow(1);
  return bytes;
}
const addressWith = (length) => {
  const bytes = new Uint8Array(132);
  new Uint32Array(bytes.buffer, 0, 1)[0] = length;
  return bytes;
};
const buffers = [
  () => new Uint8Array(256),
  () => Buffer.from("abc"),
  () => new Uint8Array(0),
  () => new Uint8Array(new ArrayBuffer(0)),
  () => new Uint8Array(new SharedArrayBuffer(256)),
  () => new Uint8Array(new SharedArrayBuffer(64, { maxByteLength: 512 })),
  () => new Uint8Array(new ArrayBuffer(256, { maxByteLength: 512 })),
  () => new Uint8Array(256).subarray(1),
  () => new Uint8Array(256).subarray(255),
  () => new Int32Array(64),
  () => new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer),
  detached,
  shrunk,
  shrunkTracking,
  grownWasm,
];
const addresses = [0, 1, 2, 16, 28, 128, 129, 2 ** 31, 2 ** 32 - 1].map((length) => () => addressWith(length));
const notBuffers = [
  () => new Float64Array(8),
  () => new BigInt64Array(8),
  () => new Uint16Array(128),
  () => new Uint8ClampedArray(256),
  () => new DataView(new ArrayBuffer(256)),
  () => new ArrayBuffer(256),
  () => new SharedArrayBuffer(256),
  () => [1, 2, 3],
  () => ({ length: 256 }),
  () => new Proxy(new Uint8Array(8), {}),
];
const numbers = [
  0,
  1,
  2,
  3,
  16,
  64,
  255,
  256,
  257,
  -1,
  0.5,
  -0,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53,
  -(2 ** 31),
  -(2 ** 31) - 1,
  1e308,
  Infinity,
  -Infinity,
  NaN,
];
const odd = [
  () => undefined,
  () => null,
  () => true,
  () => "5",
  () => "",
  () => "lo",
  () => "x".repeat(100_000),
  () => "nul\0inside",
  () => "\ud800",
  () => 5n,
  () => Symbol("s"),
  () => ({}),
  () => () => {},
  () =>
    new Proxy(
      {},
      {
        get: () => {
          throw new Mine("trap");
        },
      },
    ),
  () => ({
    valueOf() {
      throw new Mine("valueOf");
    },
  }),
  () => Object.create(null),
];
/** Lists for sendv: what happens while an element is read may change the others. */
const lists = [
  () => [],
  () => [new Uint8Array(8), new Uint8Array(8)],
  () => Array.from({ length: 200 }, () => new Uint8Array(8)),
  () => Object.assign([], { length: 2 ** 32 - 1 }),
  () => Object.assign(new Array(2), { 1: new Uint8Array(8) }),
  () => [new Uint8Array(8), "text", 5],
  () => new Proxy([new Uint8Array(8)], {}),
  () => [detached(), shrunk(), grownWasm(), new Uint8Array(0)],
  () => {
    const first = new Uint8Array(1024 * 1024);
    const list = [first, first];
    Object.defineProperty(list, 1, {
      get() {
        structuredClone(first.buffer, { transfer: [first.buffer] });
        globalThis.gc?.();
        return new Uint8Array(8);
      },
    });
    return list;
  },
  () => {
    const memory = new ArrayBuffer(4096, { maxByteLength: 8192 });
    const list = [new Uint8Array(memory), null];
    Object.defineProperty(list, 1, {
      get() {
        memory.resize(0);
        return new Uint8Array(8);
      },
    });
    return list;
  },
  () =>
    Object.defineProperty([null, null], 0, {
      get() {
        throw new Mine("getter");
      },
    }),
];

const fd = () => pick(descriptors);
const buffer = () => pick([...buffers, ...buffers, ...addresses])();
const number = () => pick(numbers);
const wake = () =>
  pick([
    () => {},
    () => {
      throw new Mine("wake");
    },
  ]);
const signatures = {
  socket: [() => pick([AF_INET, AF_UNIX]), () => pick([SOCK_STREAM, SOCK_DGRAM]), () => 0],
  adopt: [fd],
  release: [() => 9999],
  close: [() => 9999],
  closeLater: [() => 9999],
  bind: [fd, () => addressWith(16)],
  connect: [fd, () => addressWith(16)],
  getsockname: [fd, () => new Uint8Array(132)],
  getpeername: [fd, () => new Uint8Array(132)],
  listen: [fd, () => 5],
  shutdown: [fd, () => 1],
  accept: [fd, () => new Uint8Array(132)],
  recv: [fd, buffer, number, () => 0],
  send: [fd, buffer, () => 0, number],
  recvfrom: [fd, buffer, number, () => 0, () => new Uint8Array(132)],
  sendto: [fd, buffer, () => 0, () => addressWith(16)],
  sendv: [fd, () => pick(lists)(), () => pick([0, 1, 5, 2 ** 31 - 1]), () => pick([0, 1, 8, 2 ** 31 - 1])],
  unread: [fd],
  ifNameToIndex: [() => "lo"],
  setsockopt: [fd, () => SOL_SOCKET, () => SO_REUSEADDR, () => pick([1, new Uint8Array(4)])],
  getsockopt: [fd, () => SOL_SOCKET, () => SO_REUSEADDR, () => new Uint8Array(4)],
  start: [wake, () => new Int32Array(16)],
  hold: [],
  letGo: [],
  pollOpen: [fd],
  pollStart: [() => pick(slots), () => pick([0, 1, 2, 3, 15, 255])],
  pollClose: [() => pick(slots)],
  dup: [fd],
  setInheritable: [fd, () => 0],
  getInheritable: [fd],
  socketpair: [() => AF_UNIX, () => SOCK_STREAM, () => 0, () => new Int32Array(2)],
  recvmsg: [fd, () => pick(lists)(), () => 0, buffer, buffer, () => new Uint8Array(132)],
  sendmsg: [fd, () => pick(lists)(), () => 0, () => pick([null, ...buffers.map((make) => make())]), () => null],
  recvmmsg: [fd, () => new Uint8Array(4096), () => 64, () => pick([1, 64]), () => new Uint8Array(384 * 64), buffer],
  sendmmsg: [fd, buffer, () => new Int32Array(3 * 64), () => pick([1, 64]), () => pick(addresses)()],
  sendSegments: [fd, buffer, () => 100, () => pick([null, ...addresses.map((make) => make())])],
  sendfile: [fd, () => file, () => 0, () => 10],
  getaddrinfo: [() => "127.0.0.1", () => "80", () => 0, () => 0, () => 0, () => AI_NUMERICHOST],
  getnameinfo: [() => addressWith(16), () => NI_NUMERICHOST],
  ifNameIndex: [],
  serviceByName: [() => "http", () => "tcp"],
  serviceByPort: [() => 80, () => "tcp"],
  protocolByName: [() => "tcp"],
  attachFilter: [fd, buffer],
};
const exported = Object.keys(addon).filter((name) => typeof addon[name] === "function" && name !== "seededBug");
if (exported.sort().join() !== Object.keys(signatures).sort().join()) throw new Error(`not covered: ${exported}`);

const slots = [0];
const pending = [];
const outcomes = { returned: 0, failed: 0, threw: 0 };
const isNumeric = (flags, flag) => typeof flags === "number" && (flags & flag) !== 0;
function call(name, args) {
  // Our own stdio may be sockets, and whoever adopts them may close them.
  if (name === "adopt" && typeof args[0] === "number" && args[0] >= 0 && args[0] < 3) return;
  // Names must not be looked up: nobody answers here, and the thread pool waits for long.
  if (name === "getaddrinfo" && typeof args[0] === "string" && !isNumeric(args[5], AI_NUMERICHOST)) return;
  if (name === "getnameinfo" && !isNumeric(args[1], NI_NUMERICHOST)) return;
  let result;
  try {
    result = addon[name](...args);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError || error instanceof Mine)) throw error;
    outcomes.threw++;
    return;
  }
  if (result instanceof Promise) {
    pending.push(result);
    return;
  }
  if (name === "ifNameIndex" || name === "serviceByPort") return;
  if (!Number.isInteger(result)) throw new Error(`${name} returned ${String(result)}`);
  if (result < 0) outcomes.failed++;
  else outcomes.returned++;
  if (result >= 0 && (name === "socket" || name === "accept" || name === "dup")) descriptors.push(result);
  if (result >= 0 && name === "pollOpen") slots.push(result);
  // Keeps the pool small, and closes descriptors with and without live poll handles.
  while (descriptors.length > 50)
    addon[pick(["close", "closeLater"])](descriptors.splice(random(descriptors.length), 1)[0]);
  if (slots.length > 50) slots.splice(random(slots.length), 1);
}

const bad = [
  ...numbers.map((n) => () => n),
  ...foreign.map((n) => () => n),
  ...odd,
  ...buffers,
  ...notBuffers,
  ...addresses,
  ...lists,
];
/** Each argument replaced by each bad value, each number of arguments too few, and some too many. */
function every() {
  for (const [name, makers] of Object.entries(signatures)) {
    if (/^close|^release/.test(name)) for (const n of foreign) call(name, [n]);
    for (let count = 0; count <= makers.length; count++)
      call(
        name,
        makers.slice(0, count).map((make) => make()),
      );
    for (let position = 0; position < makers.length; position++) {
      for (const make of bad)
        call(
          name,
          makers.map((good, i) => (i === position ? make() : good())),
        );
    }
    call(name, [...makers.map((make) => make()), 1, 2, 3, 4, 5, 6, 7, 8]);
    call(
      name,
      Array.from({ length: 12 }, () => pick(bad)()),
    );
  }
}

every();
const shared = new Int32Array(66);
if (call("start", [() => {}, shared]) !== undefined) throw new Error("unreachable");
every();
for (let i = 0; i < Number(calls); i++) {
  const name = pick(exported);
  const makers = signatures[name];
  call(
    name,
    makers.map((make) => (random(4) === 0 ? pick(bad)() : make())),
  );
  // Lets wake-ups and closings happen in between.
  if (i % 500 === 0) await Promise.all(pending.splice(0));
  if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
}
structuredClone(shared.buffer, { transfer: [shared.buffer] });
await new Promise((resolve) => setImmediate(resolve));

// What is not ours is as it was.
if (fs.readSync(file, Buffer.alloc(10), 0, 10, 0) !== 10) throw new Error("the file was closed");
fs.fstatSync(0);
const client = net.connect(server.address());
const [data] = await once(client, "data");
if (String(data) !== "alive") throw new Error("the server of node:net was harmed");
client.destroy();
server.close();
console.log(JSON.stringify(outcomes));
