// Closes sockets at random moments, mostly from inside the callbacks of calls that wait on them and on others. A crash
// of this process, an error that is not documented, a call that never settles or a descriptor left open is the failure.
// Usage: node chaos.child.mjs MODULE SEED SECONDS
import fs from "node:fs";

const [module, seed, seconds] = process.argv.slice(2);
const core = await import(module);
const { Socket, SocketError, createServer, serve, serveDatagrams, socketpair } = core;
const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM, SHUT_RD, SHUT_RDWR, SHUT_WR } = core;

// mulberry32: the decisions can be repeated from the seed, the kernel's timing cannot.
let state = Number(seed);
function random(below) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
const pick = (list) => list[random(list.length)];

const openSockets = () =>
  fs.readdirSync("/dev/fd").filter((fd) => {
    try {
      return fs.fstatSync(Number(fd)).isSocket();
    } catch {
      return false;
    }
  }).length;

const LIMIT = 120;
const pool = [];
const pending = new Set();
const counts = { calls: 0, closed: 0, fulfilled: 0, rejected: 0 };
const codes = new Set();
const file = await fs.promises.open(import.meta.filename);
const listener = createServer({ address: "127.0.0.1", port: 0 }, { backlog: 64 });
const address = listener.getsockname();
const datagrams = new Socket(AF_INET, SOCK_DGRAM);
datagrams.bind({ address: "127.0.0.1", port: 0 });

/** Sockets that somebody else may close at any time. */
function add(...sockets) {
  pool.push(...sockets);
  while (pool.length > LIMIT) closeOne();
}
function closeOne() {
  const [socket] = pool.splice(random(pool.length), 1);
  if (socket === undefined) return;
  counts.closed++;
  pick([
    () => socket.close(),
    () => socket.close(),
    () => {
      if (!socket.closed && socket.type === SOCK_STREAM) socket.options.linger = 0;
      socket.close();
    },
    () => watch(socket.finish({ timeout: random(20) })),
    () => Socket.fromFd(socket.detach()).close(),
  ])();
}
/** Whatever comes of a call, its callback closes somebody, perhaps the very socket, perhaps others of the same turn. */
function watch(promise) {
  counts.calls++;
  const settled = promise.then(
    (value) => {
      counts.fulfilled++;
      for (const descriptor of value?.ancillary?.descriptors ?? []) descriptor.close();
      if (value?.socket instanceof Socket) add(value.socket);
    },
    (error) => {
      counts.rejected++;
      if (!(error instanceof SocketError)) throw error;
      codes.add(error.code);
    },
  );
  const done = settled
    .then(() => {
      for (let n = random(4); n > 0; n--) tolerate(pick([closeOne, act, act]));
    })
    .finally(() => pending.delete(done));
  pending.add(done);
}
function tolerate(call) {
  try {
    call();
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    codes.add(error.code);
  }
}

const memory = Buffer.alloc(70_000, "x");
const wait = () =>
  pick([{ timeout: 1 + random(30) }, { timeout: 1 + random(30) }, { signal: AbortSignal.timeout(1 + random(30)) }]);
const actions = [
  () => add(...socketpair(AF_UNIX, pick([SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET]))),
  () => {
    const socket = new Socket(AF_INET, pick([SOCK_STREAM, SOCK_DGRAM]));
    add(socket);
    watch(socket.connect(address, wait()));
  },
  (socket) => watch(socket.recv(1 + random(70_000), wait())),
  (socket) => watch(socket.recvInto(memory.subarray(0, 1 + random(1000)), wait())),
  (socket) => watch(socket.recvmsg(100, random(100), wait())),
  (socket) => watch(socket.send(memory.subarray(0, 1 + random(70_000)), wait())),
  (socket) => socket.type === SOCK_STREAM && watch(socket.sendAll(memory, wait())),
  (socket) => watch(socket.sendmsg(["a", memory.subarray(0, random(900))], wait())),
  (socket) => socket.family === AF_UNIX && watch(socket.sendFds("x", [file.fd], wait())),
  (socket) => socket.type === SOCK_STREAM && watch(socket.sendfile(file, wait())),
  (socket) => watch(pick([() => socket.readable(wait()), () => socket.writable(wait())])()),
  (socket) => socket.tryRecv(memory),
  (socket) => socket.trySend(memory.subarray(0, 1 + random(200))),
  (socket) => socket.shutdown(pick([SHUT_RD, SHUT_WR, SHUT_RDWR])),
  (socket) => add(socket.dup()),
  (socket) => pick([() => socket.ref(), () => socket.unref()])(),
  (socket) =>
    socket.type === SOCK_DGRAM && socket.family === AF_INET && watch(socket.sendto("x", datagrams.getsockname())),
  closeOne,
];
function act() {
  const socket = pick(pool);
  if (socket === undefined || socket.closed) actions[0]();
  else pick(actions)(socket);
}

const before = openSockets();
const ignore = () => {};
const server = serve(
  listener,
  async ({ socket }) => {
    add(socket);
    await socket.recv(100, wait());
    tolerate(act);
    await socket.sendAll("x", wait());
  },
  { onError: ignore },
);
const other = serveDatagrams(
  datagrams,
  async ({ reply }) => {
    tolerate(act);
    await reply("y");
  },
  { onError: ignore },
);

const end = performance.now() + Number(seconds) * 1000;
while (performance.now() < end) {
  for (let i = 0; i < 20; i++) tolerate(act);
  await new Promise((resolve) => setImmediate(resolve));
}
while (pool.length > 0) tolerate(closeOne);
await Promise.all([server.close(), other.close()]);
while (pending.size > 0 || pool.length > 0) {
  while (pool.length > 0) tolerate(closeOne);
  await Promise.all(pending);
}
// Streams that were closed with unread input linger for a while.
for (const limit = performance.now() + 10_000; openSockets() > before - 2 && performance.now() < limit; ) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await file.close();
console.log(JSON.stringify({ ...counts, left: openSockets() - (before - 2), codes: [...codes].sort() }));
